import { queryOptions } from "@tanstack/react-query";

import { encodePath, request, workspacePath } from "./client";
import { allItems, LIVE_LIST_MS } from "./pages";
import type { ArtifactInfo, ModelCreate, ModelPatch, ModelVersion } from "./types";

export const modelKeys = {
  all: (ws: string) => ["models", ws] as const,
  list: (ws: string) => [...modelKeys.all(ws), "list"] as const,
  registered: (ws: string) => [...modelKeys.all(ws), "registered"] as const,
  ofRun: (ws: string, run: string) => [...modelKeys.all(ws), "run", run] as const,
  versions: (ws: string, name: string) => [...modelKeys.all(ws), "versions", name] as const,
  version: (ws: string, name: string, version: number) => [...modelKeys.all(ws), "version", name, version] as const,
  files: (ws: string, name: string, version: number) => [...modelKeys.version(ws, name, version), "files"] as const,
};

function modelPath(ws: string, name: string): string {
  return `${workspacePath(ws)}/models/${encodeURIComponent(name)}`;
}

function versionPath(ws: string, name: string, version: number): string {
  return `${modelPath(ws, name)}/versions/${version}`;
}

/** The newest version of every model. */
export const modelsQuery = (ws: string) =>
  queryOptions({
    queryKey: modelKeys.list(ws),
    queryFn: ({ signal }) =>
      allItems<ModelVersion>(`${workspacePath(ws)}/models`, { latest: true, limit: 1000 }, signal),
    refetchInterval: LIVE_LIST_MS,
  });

export const modelsOfRunQuery = (ws: string, run: string) =>
  queryOptions({
    queryKey: modelKeys.ofRun(ws, run),
    queryFn: ({ signal }) => allItems<ModelVersion>(`${workspacePath(ws)}/models`, { run_id: run }, signal),
  });

/** Every version of a model, the newest first. */
export const modelVersionsQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: modelKeys.versions(ws, name),
    queryFn: async ({ signal }) => {
      const versions = await allItems<ModelVersion>(`${modelPath(ws, name)}/versions`, { limit: 1000 }, signal);
      return versions.sort((a, b) => b.version - a.version);
    },
    refetchInterval: LIVE_LIST_MS,
  });

export const modelVersionQuery = (ws: string, name: string, version: number) =>
  queryOptions({
    queryKey: modelKeys.version(ws, name, version),
    queryFn: ({ signal }) => request<ModelVersion>(versionPath(ws, name, version), { signal }),
  });

export const modelFilesQuery = (ws: string, name: string, version: number) =>
  queryOptions({
    queryKey: modelKeys.files(ws, name, version),
    queryFn: ({ signal }) =>
      allItems<ArtifactInfo>(`${versionPath(ws, name, version)}/files`, { recursive: true, limit: 1000 }, signal),
  });

export function modelFileUrl(ws: string, name: string, version: number, path: string): string {
  return `${versionPath(ws, name, version)}/files/${encodePath(path)}`;
}

export function modelZipUrl(ws: string, name: string, version: number): string {
  return `${versionPath(ws, name, version)}/download.zip`;
}

export function registerModel(ws: string, model: ModelCreate): Promise<ModelVersion> {
  return request(`${workspacePath(ws)}/models`, { method: "POST", json: model });
}

export function patchModel(ws: string, name: string, version: number, patch: ModelPatch): Promise<ModelVersion> {
  return request(versionPath(ws, name, version), { method: "PATCH", json: patch });
}

export function deleteModel(ws: string, name: string, version: number): Promise<void> {
  return request(versionPath(ws, name, version), { method: "DELETE" });
}
