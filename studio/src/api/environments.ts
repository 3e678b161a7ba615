import { queryOptions } from "@tanstack/react-query";

import { ApiError, request, workspacePath } from "./client";
import { allItems } from "./pages";
import { runKeys, runPath } from "./runs";
import { serviceKeys, servicePath } from "./services";
import type { EnvironmentExplanation, EnvironmentUse, EnvironmentVersion, Run } from "./types";

export const environmentKeys = {
  all: (ws: string) => ["environments", ws] as const,
  list: (ws: string) => [...environmentKeys.all(ws), "list"] as const,
  versions: (ws: string, name: string) => [...environmentKeys.all(ws), "versions", name] as const,
  uses: (ws: string, name: string) => [...environmentKeys.all(ws), "uses", name] as const,
  builds: (ws: string, name: string) => [...environmentKeys.all(ws), "builds", name] as const,
  explanations: (ws: string, name: string) => [...environmentKeys.all(ws), "explanation", name] as const,
};

function environmentPath(ws: string, name: string): string {
  return `${workspacePath(ws)}/environments/${encodeURIComponent(name)}`;
}

/** The newest version of every environment, and the curated ones. */
export const environmentsQuery = (ws: string) =>
  queryOptions({
    queryKey: environmentKeys.list(ws),
    queryFn: ({ signal }) =>
      allItems<EnvironmentVersion>(`${workspacePath(ws)}/environments`, { curated: true, limit: 1000 }, signal),
  });

export const environmentVersionsQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: environmentKeys.versions(ws, name),
    queryFn: ({ signal }) =>
      allItems<EnvironmentVersion>(`${environmentPath(ws, name)}/versions`, { limit: 1000 }, signal),
  });

/** The newest runs and services that used an environment of that name. */
export const environmentUsesQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: environmentKeys.uses(ws, name),
    queryFn: ({ signal }) => allItems<EnvironmentUse>(`${environmentPath(ws, name)}/uses`, { limit: 100 }, signal),
  });

/** What a version is on the server's machine. */
export const explanationQuery = (ws: string, name: string, version: string) =>
  queryOptions({
    queryKey: [...environmentKeys.explanations(ws, name), version],
    queryFn: ({ signal }) =>
      request<EnvironmentExplanation>(`${environmentPath(ws, name)}/explanation`, { query: { version }, signal }),
  });

/** The runs that built an environment ahead of its use, the newest first. */
export const buildsQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: environmentKeys.builds(ws, name),
    queryFn: ({ signal }) => allItems<Run>(`${environmentPath(ws, name)}/builds`, { limit: 100 }, signal),
  });

export interface BuildWish {
  version: string;
  anew: boolean;
  target: string | null;
}

export function buildEnvironment(ws: string, name: string, wish: BuildWish): Promise<Run> {
  return request(`${environmentPath(ws, name)}/builds`, { method: "POST", json: wish });
}

/** Labels point at one version: each moves here from the version that had it. */
export function labelEnvironment(ws: string, name: string, version: string, labels: string[]): Promise<unknown> {
  const path = `${environmentPath(ws, name)}/versions/${encodeURIComponent(version)}/labels`;
  return request(path, { method: "PUT", json: { labels } });
}

export function deleteEnvironment(ws: string, name: string, version: string): Promise<void> {
  return request(`${environmentPath(ws, name)}/versions/${encodeURIComponent(version)}`, { method: "DELETE" });
}

/** What a run really got; null while it is not prepared, and for a run that was not submitted. */
export const environmentOfRunQuery = (ws: string, run: string) =>
  queryOptions({
    queryKey: [...runKeys.detail(ws, run), "environment"],
    queryFn: ({ signal }) => readUse(`${runPath(ws, run)}/environment`, signal),
  });

/** What the newest revision of a service that was prepared got; null while none was. */
export const environmentOfServiceQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: [...serviceKeys.detail(ws, name), "environment"],
    queryFn: ({ signal }) => readUse(`${servicePath(ws, name)}/environment`, signal),
  });

async function readUse(path: string, signal: AbortSignal): Promise<EnvironmentUse | null> {
  try {
    return await request<EnvironmentUse>(path, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
