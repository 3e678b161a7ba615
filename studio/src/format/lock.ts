import type { EnvironmentLock } from "../api/types";

/** One package of a lock. */
export interface LockedPackage {
  name: string;
  version: string;
  /** Where it comes from: a channel, or the Python of the machine; absent for what pip installs. */
  channel?: string;
  /** What the user asked for: "scikit-learn>=1.4". Absent for what another package brought along. */
  asked?: string;
}

const PIN = /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==\s*([^\s;\\]+)|@\s*(\S+))/;
const REQUIREMENT = /^(?:[\w./-]+::)?([A-Za-z0-9][\w.-]*)/;
const FILE = /\/[^/]+\/[^/]+$/;

/** The one spelling that pip knows a name by. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

/** Everything in a lock by name, beside each package the line of `asked` that names it. */
export function lockedPackages(lock: EnvironmentLock, asked: readonly string[]): LockedPackage[] {
  const wanted = new Map<string, string>();
  for (const line of asked) {
    const name = REQUIREMENT.exec(line.trim())?.[1];
    if (name) wanted.set(canonical(name), line.trim());
  }
  const found = new Map<string, LockedPackage>();
  const add = (name: string, version: string, channel?: string) => {
    const line = wanted.get(canonical(name));
    found.set(canonical(name), { name, version, ...(channel ? { channel } : {}), ...(line ? { asked: line } : {}) });
  };
  if (!lock.conda.some(({ name }) => name === "python")) add("python", lock.python, "This machine");
  for (const pin of lock.conda) add(pin.name, pin.version, pin.url.replace(FILE, ""));
  for (const line of lock.pip.split("\n")) {
    const [, name, version, url] = PIN.exec(line) ?? [];
    if (name) add(name, version ?? url ?? "");
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The lock as text that a package manager would read. */
export function lockText(lock: EnvironmentLock): string {
  const head = `# key ${lock.key}\n# platform ${lock.platform}\n# python ${lock.python}\n`;
  const conda = lock.conda.map((pin) => `${pin.name}=${pin.version}=${pin.build}`).join("\n");
  return `${head}${conda ? `\n# conda\n${conda}\n` : ""}${lock.pip ? `\n# pip\n${lock.pip}\n` : ""}`;
}
