/** Where a run stands in a list of nested runs. */
export interface RunPlace {
  /** From 0. */
  level: number;
  /** Undefined: it has no children. */
  open: boolean | undefined;
  /** Its children are still being read. */
  loading: boolean;
}

/**
 * The rows of a list of runs with the children of the opened ones below them, each run once. `counts` says which runs
 * have children, `children` holds those of the opened runs, undefined while they are being read.
 */
export function flatRuns<T extends { id: string }>(
  runs: readonly T[],
  counts: Record<string, number>,
  children: ReadonlyMap<string, readonly T[] | undefined>,
): { rows: T[]; places: Map<string, RunPlace> } {
  const rows: T[] = [];
  const places = new Map<string, RunPlace>();
  const add = (family: readonly T[], level: number) => {
    for (const run of family) {
      if (places.has(run.id)) continue;
      const known = (counts[run.id] ?? 0) > 0;
      const open = children.has(run.id);
      const below = children.get(run.id);
      places.set(run.id, { level, open: known || open ? open : undefined, loading: open && below === undefined });
      rows.push(run);
      if (below) add(below, level + 1);
    }
  };
  add(runs, 0);
  return { rows, places };
}
