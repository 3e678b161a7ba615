import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { modelKeys } from "./models";
import { allItems, LIVE_LIST_MS } from "./pages";
import type { RegisteredModel, RegisteredModelPatch } from "./types";

/** Models as wholes: description, tags and aliases; their versions are in `models`. */

function path(ws: string, name: string): string {
  return `${workspacePath(ws)}/registered-models/${encodeURIComponent(name)}`;
}

function aliasPath(ws: string, name: string, alias: string): string {
  return `${path(ws, name)}/aliases/${encodeURIComponent(alias)}`;
}

/** By name, also those without a version. */
export const registeredModelsQuery = (ws: string) =>
  queryOptions({
    queryKey: modelKeys.registered(ws),
    queryFn: ({ signal }) =>
      allItems<RegisteredModel>(`${workspacePath(ws)}/registered-models`, { limit: 1000 }, signal),
    refetchInterval: LIVE_LIST_MS,
  });

export const registeredModelQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: [...modelKeys.registered(ws), name],
    queryFn: ({ signal }) => request<RegisteredModel>(path(ws, name), { signal }),
    refetchInterval: LIVE_LIST_MS,
  });

export function patchRegisteredModel(ws: string, name: string, patch: RegisteredModelPatch): Promise<RegisteredModel> {
  return request(path(ws, name), { method: "PATCH", json: patch });
}

export function deleteRegisteredModel(ws: string, name: string): Promise<void> {
  return request(path(ws, name), { method: "DELETE" });
}

/** Points an alias at a version; it moves there from the one that has it. */
export function putAlias(ws: string, name: string, alias: string, version: number): Promise<RegisteredModel> {
  return request(aliasPath(ws, name, alias), { method: "PUT", json: { version } });
}

export function deleteAlias(ws: string, name: string, alias: string): Promise<void> {
  return request(aliasPath(ws, name, alias), { method: "DELETE" });
}
