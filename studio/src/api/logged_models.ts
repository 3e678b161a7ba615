import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { encodePath, request, send, workspacePath } from "./client";
import { experimentPath } from "./experiments";
import { allItems, type Page } from "./pages";
import { PAGE_SIZE } from "./runs";
import type { ArtifactInfo, LoggedModel } from "./types";

export interface LoggedModelSearch {
  filter?: string | undefined;
  order?: string | undefined;
}

export const loggedModelKeys = {
  all: (ws: string) => ["logged-models", ws] as const,
  list: (ws: string, experiment: string, search: LoggedModelSearch) =>
    [...loggedModelKeys.all(ws), "list", experiment, search] as const,
  detail: (ws: string, id: string) => [...loggedModelKeys.all(ws), "detail", id] as const,
  files: (ws: string, id: string) => [...loggedModelKeys.detail(ws, id), "files"] as const,
  description: (ws: string, id: string) => [...loggedModelKeys.detail(ws, id), "mlmodel"] as const,
};

function modelPath(ws: string, id: string): string {
  return `${workspacePath(ws)}/logged-models/${encodeURIComponent(id)}`;
}

/** The models that the runs of an experiment logged. `filter` and `order` are MLflow's search grammar. */
export const loggedModelsQuery = (ws: string, experiment: string, search: LoggedModelSearch) =>
  infiniteQueryOptions({
    queryKey: loggedModelKeys.list(ws, experiment, search),
    queryFn: ({ pageParam, signal }) =>
      request<Page<LoggedModel>>(`${experimentPath(ws, experiment)}/logged-models`, {
        query: { ...search, limit: PAGE_SIZE, after: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

export const loggedModelQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: loggedModelKeys.detail(ws, id),
    queryFn: ({ signal }) => request<LoggedModel>(modelPath(ws, id), { signal }),
  });

export const loggedModelFilesQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: loggedModelKeys.files(ws, id),
    queryFn: ({ signal }) => allItems<ArtifactInfo>(`${modelPath(ws, id)}/files`, { limit: 1000 }, signal),
  });

/** The text of the model's MLmodel file; only for a model that has one. */
export const modelDescriptionQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: loggedModelKeys.description(ws, id),
    queryFn: async ({ signal }) => (await send(loggedModelFileUrl(ws, id, "MLmodel"), { signal })).text(),
    staleTime: Infinity,
  });

export function loggedModelFileUrl(ws: string, id: string, path: string): string {
  return `${modelPath(ws, id)}/files/${encodePath(path)}`;
}

export function loggedModelZipUrl(ws: string, id: string): string {
  return `${modelPath(ws, id)}/download.zip`;
}
