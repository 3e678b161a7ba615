/** What the last word of a metric's name says about what it counts, as MLflow's system metrics and many scripts do. */
const UNITS: Record<string, string> = {
  percentage: "%",
  percent: "%",
  pct: "%",
  ms: "ms",
  milliseconds: "ms",
  s: "s",
  sec: "s",
  secs: "s",
  seconds: "s",
  minutes: "min",
  bytes: "B",
  kib: "KiB",
  mib: "MiB",
  gib: "GiB",
  kb: "kB",
  mb: "MB",
  megabytes: "MB",
  gb: "GB",
  gigabytes: "GB",
  watts: "W",
  hz: "Hz",
};

/** The unit of a metric, where its name has it: "latency_ms" counts ms, "accuracy" nothing known. */
export function unitOf(name: string): string | undefined {
  const words = name.split(/[_\s/.()[\]-]+/).filter(Boolean);
  const last = words[words.length - 1]?.toLowerCase();
  return last !== undefined && words.length > 1 && Object.hasOwn(UNITS, last) ? UNITS[last] : undefined;
}
