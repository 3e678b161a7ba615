import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { allItems, LIVE_LIST_MS } from "./pages";
import type { Experiment } from "./types";

export type ExperimentView = "active" | "archived" | "all";

export const experimentKeys = {
  all: (ws: string) => ["experiments", ws] as const,
  list: (ws: string, view: ExperimentView) => [...experimentKeys.all(ws), "list", view] as const,
  detail: (ws: string, name: string) => [...experimentKeys.all(ws), "detail", name] as const,
};

export const experimentsQuery = (ws: string, view: ExperimentView = "active") =>
  queryOptions({
    queryKey: experimentKeys.list(ws, view),
    queryFn: ({ signal }) => allItems<Experiment>(`${workspacePath(ws)}/experiments`, { view, limit: 1000 }, signal),
    refetchInterval: LIVE_LIST_MS,
  });

export const experimentQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: experimentKeys.detail(ws, name),
    queryFn: ({ signal }) => request<Experiment>(experimentPath(ws, name), { signal }),
  });

export function experimentPath(ws: string, name: string): string {
  return `${workspacePath(ws)}/experiments/${encodeURIComponent(name)}`;
}

export interface ExperimentChange {
  tags?: Record<string, string>;
  remove_tags?: string[];
  archived?: boolean;
}

export function patchExperiment(ws: string, name: string, change: ExperimentChange): Promise<Experiment> {
  return request(experimentPath(ws, name), { method: "PATCH", json: change });
}

export function deleteExperiment(ws: string, name: string): Promise<void> {
  return request(experimentPath(ws, name), { method: "DELETE" });
}
