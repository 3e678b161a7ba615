import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import type { Page } from "./pages";
import { PAGE_SIZE } from "./runs";
import type { Trace, TraceAnswer } from "./types";

/** What a list of traces shows. `filter` and `order` are MLflow's search grammar. */
export interface TraceSearch {
  experiment?: string | undefined;
  run?: string | undefined;
  filter?: string | undefined;
  order?: string | undefined;
}

export const traceKeys = {
  all: (ws: string) => ["traces", ws] as const,
  list: (ws: string, search: TraceSearch) => [...traceKeys.all(ws), "list", search] as const,
  detail: (ws: string, id: string) => [...traceKeys.all(ws), "detail", id] as const,
};

function tracePath(ws: string, id: string): string {
  return `${workspacePath(ws)}/traces/${encodeURIComponent(id)}`;
}

export const tracesQuery = (ws: string, search: TraceSearch) =>
  infiniteQueryOptions({
    queryKey: traceKeys.list(ws, search),
    queryFn: ({ pageParam, signal }) =>
      request<Page<Trace>>(`${workspacePath(ws)}/traces`, {
        query: { ...search, limit: PAGE_SIZE, after: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

export const traceQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: traceKeys.detail(ws, id),
    queryFn: ({ signal }) => request<TraceAnswer>(tracePath(ws, id), { signal }),
  });

export interface TraceChange {
  tags?: Record<string, string>;
  remove_tags?: string[];
}

export function patchTrace(ws: string, id: string, change: TraceChange): Promise<Trace> {
  return request(tracePath(ws, id), { method: "PATCH", json: change });
}

export function deleteTrace(ws: string, id: string): Promise<void> {
  return request(tracePath(ws, id), { method: "DELETE" });
}
