import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import { serviceKeys, servicePath } from "./services";
import type { ServiceMetrics } from "./types";

const LIVE_MS = 4000;

/** The last `seconds` of an endpoint, read again and again while it is looked at. */
export const serviceMetricsQuery = (ws: string, name: string, seconds: number) =>
  queryOptions({
    queryKey: [...serviceKeys.detail(ws, name), "metrics", seconds] as const,
    queryFn: ({ signal }) => {
      const until = Date.now();
      const query = { since: until - seconds * 1000, until };
      return request<ServiceMetrics>(`${servicePath(ws, name)}/metrics`, { query, signal });
    },
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  });
