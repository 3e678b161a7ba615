/** The aliases that point at a version, as people sort them. */
export function aliasesOf(aliases: Record<string, number>, version: number): string[] {
  return Object.keys(aliases)
    .filter((alias) => aliases[alias] === version)
    .sort((a, b) => a.localeCompare(b));
}
