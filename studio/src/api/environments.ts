import { queryOptions } from "@tanstack/react-query";

import { workspacePath } from "./client";
import { allItems } from "./pages";
import type { EnvironmentVersion } from "./types";

export const environmentKeys = {
  all: (ws: string) => ["environments", ws] as const,
  list: (ws: string) => [...environmentKeys.all(ws), "list"] as const,
  versions: (ws: string, name: string) => [...environmentKeys.all(ws), "versions", name] as const,
};

/** The newest version of every environment. */
export const environmentsQuery = (ws: string) =>
  queryOptions({
    queryKey: environmentKeys.list(ws),
    queryFn: ({ signal }) => allItems<EnvironmentVersion>(`${workspacePath(ws)}/environments`, { limit: 1000 }, signal),
  });

export const environmentVersionsQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: environmentKeys.versions(ws, name),
    queryFn: ({ signal }) =>
      allItems<EnvironmentVersion>(
        `${workspacePath(ws)}/environments/${encodeURIComponent(name)}/versions`,
        { limit: 1000 },
        signal,
      ),
  });
