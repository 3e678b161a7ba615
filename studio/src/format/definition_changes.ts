import type { EnvironmentLock } from "../api/types";
import { condaOf, packagesOf } from "./environment";
import { lockedPackages } from "./lock";

/** One difference between two versions: absent is what only the other has. */
export interface Change {
  what: string;
  before: string | undefined;
  after: string | undefined;
}

const NAME = /^(?:[\w./-]+::)?([A-Za-z0-9][\w.-]*)/;
const NOT_CONTENT = new Set(["name", "version", "assetId", "condaDependencies"]);

/** What differs between two definitions: packages by their names, then settings by their paths. */
export function definitionChanges(before: unknown, after: unknown): Change[] {
  const packages = changes(packageLines(before), packageLines(after));
  return [...packages, ...changes(settings(before), settings(after))];
}

/** What differs between two locks, package by package. */
export function lockChanges(before: EnvironmentLock, after: EnvironmentLock): Change[] {
  return changes(versions(before), versions(after));
}

function changes(before: Map<string, string>, after: Map<string, string>): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort((a, b) => a.localeCompare(b))
    .map((what) => ({ what, before: before.get(what), after: after.get(what) }))
    .filter((change) => change.before !== change.after);
}

function packageLines(definition: unknown): Map<string, string> {
  return new Map(
    packagesOf(definition).map((line) => {
      const name = NAME.exec(line.trim())?.[1] ?? line;
      return [name.toLowerCase().replace(/[-_.]+/g, "-"), line.trim()];
    }),
  );
}

function versions(lock: EnvironmentLock): Map<string, string> {
  return new Map(lockedPackages(lock, []).map(({ name, version }) => [name, version]));
}

/** Every setting that is not a package: "environmentVariables.LR" -> "0.1". */
function settings(definition: unknown): Map<string, string> {
  const found = new Map<string, string>();
  const channels = condaOf(definition)?.["channels"];
  if (Array.isArray(channels)) found.set("channels", channels.join(", "));
  collect(definition, [], found);
  return found;
}

function collect(value: unknown, path: string[], found: Map<string, string>): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    if (value.length > 0) found.set(path.join("."), value.map((one) => plain(one)).join(", "));
  } else if (typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      if (!NOT_CONTENT.has(key)) collect(inner, [...path, key], found);
    }
  } else found.set(path.join("."), plain(value));
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
