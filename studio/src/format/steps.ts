/** What the steps of building an environment are called where people read them. */
const NAMES: Record<string, string> = {
  base: "Base image",
  resolve: "Resolve to a lock",
  fetch: "Fetch packages",
  link: "Link packages",
  prefix: "Make the folder",
  pip: "Install with pip",
  compile: "Compile",
  send: "Send the files",
  conda: "Layer of conda packages",
  packages: "Layer of packages",
  own: "Layer of Zaffre's code",
  export: "Write the image",
  image: "Build the image",
};

export interface TimedStep {
  name: string;
  /** Milliseconds. */
  took: number;
  /** Of the longest step, 0 to 1. */
  share: number;
}

/** Where the time of a build went, in the order of its steps; seconds by step as the server has them. */
export function timedSteps(split: Record<string, number>): TimedStep[] {
  const longest = Math.max(0, ...Object.values(split));
  return Object.entries(split).map(([step, seconds]) => ({
    name: NAMES[step] ?? step,
    took: seconds * 1000,
    share: longest > 0 ? seconds / longest : 0,
  }));
}
