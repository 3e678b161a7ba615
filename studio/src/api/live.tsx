import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useSyncExternalStore, type ReactNode } from "react";

import { artifactKeys } from "./artifacts";
import { CHART_POINTS, metricKeys, pointsFromWire, withPoints, type Series } from "./metrics";
import { runKeys } from "./runs";
import { serviceKeys } from "./services";
import { Signal } from "./session";
import { StreamHub, type StreamState, type Topics } from "./stream";
import type { ServerEvent } from "./sse";
import type { ArtifactInfo, MetricsAnswer, Run, Service, WireNumber } from "./types";

const HubContext = createContext<StreamHub | null>(null);

/** A hidden tab gives its connection back after this time. */
const HIDDEN_MS = 30_000;

export function StreamProvider({ workspace, children }: { workspace: string; children: ReactNode }) {
  const hub = useMemo(() => new StreamHub(workspace), [workspace]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => hub.pause(true), HIDDEN_MS);
      else hub.pause(false);
    };
    document.addEventListener("visibilitychange", follow);
    hub.pause(false);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", follow);
      hub.pause(true);
    };
  }, [hub]);
  return <HubContext.Provider value={hub}>{children}</HubContext.Provider>;
}

const idle = new Signal<StreamState>("idle");

/** How this tab's stream stands. */
export function useStreamState(): StreamState {
  const hub = useContext(HubContext);
  const state = hub?.state ?? idle;
  return useSyncExternalStore(state.subscribe, state.get);
}

type Handler = (event: ServerEvent, client: QueryClient) => void;

/** Hears the events of `topics` while the component is shown; null topics: nothing. */
export function useStream(topics: Topics | null, handler: Handler): void {
  const hub = useContext(HubContext);
  const client = useQueryClient();
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  const key = topics ? JSON.stringify(topics) : "";
  useEffect(() => {
    if (!hub || !key) return;
    return hub.subscribe(JSON.parse(key) as Topics, (event) => latest.current(event, client));
  }, [hub, client, key]);
}

/** Keeps everything that the queries know about a run up to date. */
export function useRunStream(ws: string, id: string): void {
  useStream({ run: id, new_points: true }, (event, client) => {
    if (event.event === "open") void client.invalidateQueries({ queryKey: metricKeys.all(ws, id) });
    else if (event.event === "run") applyRun(client, ws, JSON.parse(event.data) as Run, id);
    else if (event.event === "metrics") applyMetrics(client, ws, id, JSON.parse(event.data) as MetricsEvent);
    else if (event.event === "files") applyFiles(client, ws, id, event.data);
  });
}

export type MetricsEvent = Record<string, { steps: number[]; timestamps: number[]; values: WireNumber[] }>;

function applyRun(client: QueryClient, ws: string, run: Run, id: string): void {
  if (run.id !== id) return;
  const before = client.getQueryData<Run>(runKeys.detail(ws, id));
  client.setQueryData(runKeys.detail(ws, id), run);
  if (before && before.status !== run.status) {
    void client.invalidateQueries({ queryKey: runKeys.events(ws, id) });
    void client.invalidateQueries({ queryKey: artifactKeys.list(ws, id) });
  }
}

export function applyMetrics(client: QueryClient, ws: string, id: string, event: MetricsEvent): void {
  let unknown = false;
  const summary = client.getQueryData<MetricsAnswer>(metricKeys.summary(ws, id));
  // What has one point is shown as a number, which no chart's points reach: the next one makes it a chart.
  const charts = new Set(summary?.series.filter((series) => series.total > 1).map((series) => series.name));
  for (const [name, columns] of Object.entries(event)) {
    const more = pointsFromWire(columns);
    const key = metricKeys.chart(ws, id, name);
    const grown = client.setQueryData<Series>(key, (series) => series && withPoints(series, more));
    // What has grown far beyond what a chart can show is read anew, thinned by the server.
    if (grown && grown.values.length > 3 * CHART_POINTS) void client.invalidateQueries({ queryKey: key });
    if (!charts.has(name)) unknown = true;
  }
  if (unknown) void client.invalidateQueries({ queryKey: metricKeys.summary(ws, id) });
}

function applyFiles(client: QueryClient, ws: string, id: string, data: string): void {
  const { items } = JSON.parse(data) as { items: ArtifactInfo[] };
  client.setQueryData<ArtifactInfo[]>(artifactKeys.list(ws, id), (known) => {
    if (!known) return known;
    const byPath = new Map(known.map((file) => [file.path, file]));
    for (const file of items) byPath.set(file.path, file);
    return [...byPath.values()];
  });
}

/**
 * Lists of runs are read anew when one of them changed: at most every second, and the less often the more pages of it
 * were read, since all of them are.
 */
export function useRunListStream(ws: string): void {
  const due = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(due.current), []);
  useStream({ runs: true }, (event, client) => {
    if (event.event !== "runs" || due.current) return;
    const lists = client.getQueriesData<{ pages?: unknown[] }>({ queryKey: runKeys.lists(ws) });
    const pages = Math.max(1, ...lists.map(([, list]) => list?.pages?.length ?? 1));
    due.current = setTimeout(() => {
      due.current = undefined;
      void client.invalidateQueries({ queryKey: runKeys.lists(ws) });
    }, 1000 * pages);
  });
}

export function useServiceStream(ws: string, name: string): void {
  useStream({ service: name }, (event, client) => {
    if (event.event !== "service") return;
    const service = JSON.parse(event.data) as Service;
    if (service.name === name) client.setQueryData(serviceKeys.detail(ws, name), service);
  });
}
