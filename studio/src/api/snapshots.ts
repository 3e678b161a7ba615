import { queryOptions } from "@tanstack/react-query";

import { encodePath, request, workspacePath } from "./client";
import type { Snapshot } from "./types";

export const snapshotKeys = {
  detail: (ws: string, id: string) => ["snapshots", ws, id] as const,
};

function snapshotPath(ws: string, id: string): string {
  return `${workspacePath(ws)}/snapshots/${encodeURIComponent(id)}`;
}

export const snapshotQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: snapshotKeys.detail(ws, id),
    queryFn: ({ signal }) => request<Snapshot>(snapshotPath(ws, id), { signal }),
    staleTime: Infinity,
  });

export function snapshotFileUrl(ws: string, id: string, path: string): string {
  return `${snapshotPath(ws, id)}/files/${encodePath(path)}`;
}

export function snapshotZipUrl(ws: string, id: string): string {
  return `${snapshotPath(ws, id)}.zip`;
}
