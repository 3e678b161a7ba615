import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { allItems } from "./pages";
import type { ComputeTarget } from "./types";

export const computeKeys = {
  list: (ws: string) => ["computes", ws] as const,
};

export const computesQuery = (ws: string) =>
  queryOptions({
    queryKey: computeKeys.list(ws),
    queryFn: ({ signal }) => allItems<ComputeTarget>(`${workspacePath(ws)}/computes`, { limit: 1000 }, signal),
  });

export function deleteCompute(ws: string, name: string): Promise<void> {
  return request(`${workspacePath(ws)}/computes/${encodeURIComponent(name)}`, { method: "DELETE" });
}
