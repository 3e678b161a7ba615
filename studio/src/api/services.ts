import { queryOptions } from "@tanstack/react-query";

import { request, send, workspacePath } from "./client";
import { allItems, LIVE_LIST_MS } from "./pages";
import type { Service, ServiceKeys } from "./types";

export const serviceKeys = {
  all: (ws: string) => ["services", ws] as const,
  list: (ws: string, model?: string) => [...serviceKeys.all(ws), "list", model ?? null] as const,
  detail: (ws: string, name: string) => [...serviceKeys.all(ws), "detail", name] as const,
};

export function servicePath(ws: string, name: string): string {
  return `${workspacePath(ws)}/services/${encodeURIComponent(name)}`;
}

export const servicesQuery = (ws: string, model?: string) =>
  queryOptions({
    queryKey: serviceKeys.list(ws, model),
    queryFn: ({ signal }) => allItems<Service>(`${workspacePath(ws)}/services`, { model, limit: 1000 }, signal),
    refetchInterval: LIVE_LIST_MS,
  });

export const serviceQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: serviceKeys.detail(ws, name),
    queryFn: ({ signal }) => request<Service>(servicePath(ws, name), { signal }),
  });

export function deleteService(ws: string, name: string): Promise<void> {
  return request(servicePath(ws, name), { method: "DELETE" });
}

export function serviceLogsUrl(ws: string, name: string): string {
  return `${servicePath(ws, name)}/logs`;
}

export type KeyName = "Primary" | "Secondary";

export function listServiceKeys(ws: string, name: string): Promise<ServiceKeys> {
  return request(`${servicePath(ws, name)}/keys/list`, { method: "POST", json: {} });
}

export function regenerateServiceKey(ws: string, name: string, key: KeyName): Promise<ServiceKeys> {
  return request(`${servicePath(ws, name)}/keys/regenerate`, { method: "POST", json: { key } });
}

/** Where callers reach a service: those of the server through the server, which stays when ports change. */
export function scoringAddress(service: Service, origin: string): string | null {
  if (!service.scoring_uri || service.compute_type === "Local") return service.scoring_uri ?? null;
  return `${origin}/services/${encodeURIComponent(service.workspace)}/${encodeURIComponent(service.name)}/score`;
}

export interface ScoreAnswer {
  status: number;
  milliseconds: number;
  contentType: string;
  text: string;
}

/** The endpoint's own answer to `body`, also when it refuses: a refused score is a result here, not an error. */
export async function score(ws: string, name: string, body: string): Promise<ScoreAnswer> {
  const started = performance.now();
  const url = new URL(`${servicePath(ws, name)}/score`, window.location.origin);
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json" },
    credentials: "same-origin",
  });
  const text = await response.text();
  return {
    status: response.status,
    milliseconds: performance.now() - started,
    contentType: response.headers.get("content-type") ?? "",
    text,
  };
}

/** The log's text from a byte offset on. */
export async function readServiceLog(ws: string, name: string, offset: number, signal?: AbortSignal): Promise<string> {
  const response = await send(serviceLogsUrl(ws, name), { query: { offset }, signal });
  return response.text();
}
