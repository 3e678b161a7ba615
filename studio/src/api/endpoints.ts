import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { serviceKeys } from "./services";
import type { Endpoint, ShadowReport } from "./types";

export const VERSIONS = "AKSENDPOINT";

function endpointPath(ws: string, name: string): string {
  return `${workspacePath(ws)}/endpoints/${encodeURIComponent(name)}`;
}

const LIVE_MS = 5000;

/** `changed` is when the endpoint changed last: it is read again when that is told. */
export const endpointQuery = (ws: string, name: string, changed: number) =>
  queryOptions({
    queryKey: [...serviceKeys.detail(ws, name), "versions", changed],
    queryFn: ({ signal }) => request<Endpoint>(endpointPath(ws, name), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });

export const shadowQuery = (ws: string, name: string, mirrored: boolean) =>
  queryOptions({
    queryKey: [...serviceKeys.detail(ws, name), "shadow"],
    queryFn: ({ signal }) => request<ShadowReport>(`${endpointPath(ws, name)}/shadow`, { signal }),
    enabled: mirrored,
    refetchInterval: LIVE_MS,
  });

/** The shares of all versions in one step; together they are 100. */
export function setTraffic(ws: string, name: string, percentages: Record<string, number>): Promise<Endpoint> {
  return request(`${endpointPath(ws, name)}/traffic`, { method: "PUT", json: { percentages } });
}

/** Copies of requests to one version, or with `{}` to none. */
export function setMirrorTraffic(ws: string, name: string, percentages: Record<string, number>): Promise<Endpoint> {
  return request(endpointPath(ws, name), { method: "PATCH", json: { mirror_traffic: percentages } });
}
