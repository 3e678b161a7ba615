import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { runKeys, runPath } from "./runs";
import type { RunLineage } from "./types";

export const lineageKeys = {
  run: (ws: string, run: string) => [...runKeys.detail(ws, run), "lineage"] as const,
  counts: (ws: string, runs: readonly string[]) => [...runKeys.lists(ws), "child-counts", runs] as const,
};

/** The data sets and logged models that a run read, and the logged models it made. */
export const lineageQuery = (ws: string, run: string) =>
  queryOptions({
    queryKey: lineageKeys.run(ws, run),
    queryFn: ({ signal }) => request<RunLineage>(`${runPath(ws, run)}/lineage`, { signal }),
  });

/** So many ids have room in one address. */
const MOST = 100;

/** How many children each of these runs has; those without any are left out. */
export const childCountsQuery = (ws: string, runs: readonly string[]) =>
  queryOptions({
    queryKey: lineageKeys.counts(ws, runs),
    queryFn: async ({ signal }) => {
      const counts: Record<string, number> = {};
      for (let start = 0; start < runs.length; start += MOST) {
        const asked = new URLSearchParams(runs.slice(start, start + MOST).map((id) => ["run", id]));
        const path = `${workspacePath(ws)}/child-counts?${asked.toString()}`;
        Object.assign(counts, await request<Record<string, number>>(path, { signal }));
      }
      return counts;
    },
  });
