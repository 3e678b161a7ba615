import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { serviceKeys, servicePath } from "./services";
import type { CollectedData, CollectedFile } from "./types";

const LIVE_MS = 10_000;
/** The newest ones: the sums are over all. */
const FILES = 200;

/** What an endpoint has collected of its inputs and predictions. */
export const collectedQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: [...serviceKeys.detail(ws, name), "data"] as const,
    queryFn: ({ signal }) =>
      request<CollectedData>(`${servicePath(ws, name)}/data`, { query: { limit: FILES }, signal }),
    refetchInterval: LIVE_MS,
  });

export function collectedZipUrl(ws: string, name: string): string {
  return `${servicePath(ws, name)}/data.zip`;
}

export function collectedFileUrl(ws: string, file: CollectedFile): string {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  return `${workspacePath(ws)}/datastores/${encodeURIComponent(file.datastore)}/files/${path}`;
}
