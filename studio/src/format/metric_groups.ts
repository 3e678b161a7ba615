/**
 * Names of metrics by what stands before their first slash, as MLflow's clients write "system/..." or "train/...". What
 * has no such part, and then what shares it with no other, stands in the first group, which has no title.
 */
export function metricGroups(names: readonly string[]): (readonly [title: string, names: readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const slash = name.indexOf("/");
    const title = slash > 0 ? name.slice(0, slash) : "";
    groups.set(title, [...(groups.get(title) ?? []), name]);
  }
  const inOrder = (members: string[]) => members.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const alone = [...groups].filter(([title, members]) => title !== "" && members.length === 1);
  const rest = [...groups].filter(([title, members]) => title !== "" && members.length > 1);
  const first = [...inOrder(groups.get("") ?? []), ...inOrder(alone.flatMap(([, members]) => members))];
  const all: [string, string[]][] = first.length > 0 ? [["", first], ...rest] : rest;
  const shown = ([title, members]: [string, string[]]) => [title, title ? inOrder(members) : members] as const;
  return all.sort(([a], [b]) => a.localeCompare(b)).map(shown);
}
