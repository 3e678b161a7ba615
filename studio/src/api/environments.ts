import { queryOptions } from "@tanstack/react-query";

import { ApiError, request, workspacePath } from "./client";
import { allItems } from "./pages";
import { runKeys, runPath } from "./runs";
import type { EnvironmentUse, EnvironmentVersion } from "./types";

export const environmentKeys = {
  all: (ws: string) => ["environments", ws] as const,
  list: (ws: string) => [...environmentKeys.all(ws), "list"] as const,
  versions: (ws: string, name: string) => [...environmentKeys.all(ws), "versions", name] as const,
  uses: (ws: string, name: string) => [...environmentKeys.all(ws), "uses", name] as const,
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

/** The newest runs and services that used an environment of that name. */
export const environmentUsesQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: environmentKeys.uses(ws, name),
    queryFn: ({ signal }) =>
      allItems<EnvironmentUse>(
        `${workspacePath(ws)}/environments/${encodeURIComponent(name)}/uses`,
        { limit: 100 },
        signal,
      ),
  });

/** What a run really got; null while it is not prepared, and for a run that was not submitted. */
export const environmentOfRunQuery = (ws: string, run: string) =>
  queryOptions({
    queryKey: [...runKeys.detail(ws, run), "environment"],
    queryFn: async ({ signal }) => {
      try {
        return await request<EnvironmentUse>(`${runPath(ws, run)}/environment`, { signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
