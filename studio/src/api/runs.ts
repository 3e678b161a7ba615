import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { allItems, type Page } from "./pages";
import type { Run, RunEvent, RunPatch, RunStatus, ScriptSpec } from "./types";

/** What a list of runs shows. `filter` and `order` are MLflow's search grammar. */
export interface RunSearch {
  experiment?: string | undefined;
  status?: RunStatus | undefined;
  tag?: string | undefined;
  parent?: string | undefined;
  include_children?: boolean | undefined;
  filter?: string | undefined;
  order?: string | undefined;
}

export const runKeys = {
  all: (ws: string) => ["runs", ws] as const,
  lists: (ws: string) => [...runKeys.all(ws), "list"] as const,
  list: (ws: string, search: RunSearch) => [...runKeys.lists(ws), search] as const,
  detail: (ws: string, id: string) => [...runKeys.all(ws), "detail", id] as const,
  events: (ws: string, id: string) => [...runKeys.detail(ws, id), "events"] as const,
  spec: (ws: string, id: string) => [...runKeys.detail(ws, id), "spec"] as const,
  children: (ws: string, id: string) => [...runKeys.detail(ws, id), "children"] as const,
};

export function runPath(ws: string, id: string): string {
  return `${workspacePath(ws)}/runs/${encodeURIComponent(id)}`;
}

export const PAGE_SIZE = 100;

export const runsQuery = (ws: string, search: RunSearch) =>
  infiniteQueryOptions({
    queryKey: runKeys.list(ws, search),
    queryFn: ({ pageParam, signal }) =>
      request<Page<Run>>(`${workspacePath(ws)}/runs`, {
        query: { ...search, limit: PAGE_SIZE, after: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

/** The newest runs, for overviews. */
export const recentRunsQuery = (ws: string, limit: number, search: RunSearch = {}) =>
  queryOptions({
    queryKey: [...runKeys.list(ws, search), "recent", limit],
    queryFn: ({ signal }) => request<Page<Run>>(`${workspacePath(ws)}/runs`, { query: { ...search, limit }, signal }),
    select: (page) => page.items,
  });

export const runQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: runKeys.detail(ws, id),
    queryFn: ({ signal }) => request<Run>(runPath(ws, id), { signal }),
  });

export const runEventsQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: runKeys.events(ws, id),
    queryFn: ({ signal }) => request<RunEvent[]>(`${runPath(ws, id)}/events`, { signal }),
  });

export const runSpecQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: runKeys.spec(ws, id),
    queryFn: ({ signal }) => request<ScriptSpec>(`${runPath(ws, id)}/spec`, { signal }),
    staleTime: Infinity,
    retry: false,
  });

export const childRunsQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: runKeys.children(ws, id),
    queryFn: ({ signal }) => allItems<Run>(`${workspacePath(ws)}/runs`, { parent: id, limit: 1000 }, signal),
  });

export function patchRun(ws: string, id: string, patch: RunPatch): Promise<Run> {
  return request(runPath(ws, id), { method: "PATCH", json: patch });
}

export function cancelRun(ws: string, id: string): Promise<Run> {
  return request(`${runPath(ws, id)}/cancel`, { method: "POST" });
}

export function deleteRun(ws: string, id: string): Promise<void> {
  return request(runPath(ws, id), { method: "DELETE" });
}

const TERMINAL: ReadonlySet<RunStatus> = new Set(["Completed", "Failed", "Canceled"]);

export function isTerminal(status: RunStatus): boolean {
  return TERMINAL.has(status);
}
