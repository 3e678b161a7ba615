import { useQueries, useQuery } from "@tanstack/react-query";
import { createContext, useContext, useMemo, useState } from "react";

import { childCountsQuery } from "../../api/lineage";
import { childRunsQuery } from "../../api/runs";
import type { Run } from "../../api/types";
import { flatRuns, type RunPlace } from "../../format/run_tree";

export interface RunTree {
  rows: Run[] | undefined;
  places: ReadonlyMap<string, RunPlace>;
  toggle: (id: string) => void;
}

const NO_TREE: RunTree = { rows: undefined, places: new Map(), toggle: () => undefined };

/** Lets the cell of a run's name know where the run stands among its parents and children. */
export const RunTreeContext = createContext<RunTree>(NO_TREE);

export function useRunPlace(id: string): [RunPlace | undefined, () => void] {
  const { places, toggle } = useContext(RunTreeContext);
  return [places.get(id), () => toggle(id)];
}

/**
 * The runs with the children of those that were opened below them. Children are read when they are first shown; whether
 * a run has any, the server says with one question for all rows. Not `nested`: the runs as they are.
 */
export function useRunTree(
  ws: string,
  runs: Run[] | undefined,
  order: (a: Run, b: Run) => number,
  nested = true,
): RunTree {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const ids = useMemo(() => [...open], [open]);
  const families = useQueries({
    queries: ids.map((id) => childRunsQuery(ws, id)),
    combine: (results) => results.map((result) => result.data),
  });
  const children = useMemo(() => {
    const known = families.map((family, i) => [ids[i] ?? "", family ? [...family].sort(order) : undefined] as const);
    return new Map(known);
  }, [families, ids, order]);
  const asked = useMemo(
    () => [...(runs ?? []), ...[...children.values()].flatMap((family) => family ?? [])].map(({ id }) => id).sort(),
    [runs, children],
  );
  const counts = useQuery({
    ...childCountsQuery(ws, asked),
    enabled: nested && asked.length > 0,
    placeholderData: (before) => before,
  }).data;
  return useMemo(() => {
    if (!nested || !runs) return { ...NO_TREE, rows: runs };
    const { rows, places } = flatRuns(runs, counts ?? {}, children);
    // Where no run has children, none is moved in to make room for the buttons.
    if ([...places.values()].every(({ open: shown }) => shown === undefined)) return { ...NO_TREE, rows };
    const toggle = (id: string) =>
      setOpen((before) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      });
    return { rows, places, toggle };
  }, [nested, runs, counts, children]);
}

/** Children stand in the order in which they began. */
export function byBeginning(a: Run, b: Run): number {
  return (a.start_time ?? a.created_at) - (b.start_time ?? b.created_at) || a.number - b.number;
}
