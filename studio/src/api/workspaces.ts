import { queryOptions } from "@tanstack/react-query";

import { API, request } from "./client";
import { allItems } from "./pages";
import type { ServerInfo, Workspace } from "./types";

export const workspaceKeys = {
  server: () => ["server"] as const,
  list: () => ["workspaces"] as const,
};

export const serverQuery = () =>
  queryOptions({
    queryKey: workspaceKeys.server(),
    queryFn: ({ signal }) => request<ServerInfo>(`${API}/server`, { signal }),
    staleTime: Infinity,
  });

export const workspacesQuery = () =>
  queryOptions({
    queryKey: workspaceKeys.list(),
    queryFn: ({ signal }) => allItems<Workspace>(`${API}/workspaces`, {}, signal),
    staleTime: 60_000,
  });
