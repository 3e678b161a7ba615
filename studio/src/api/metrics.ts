import { queryOptions } from "@tanstack/react-query";

import { request } from "./client";
import { runKeys, runPath } from "./runs";
import { fromWire, type ChartAnswer, type MetricsAnswer, type WireNumber } from "./types";

/** Points of one metric, three columns of equal length in the order of logging. */
export interface Points {
  steps: number[];
  timestamps: number[];
  values: number[];
}

export interface Series extends Points {
  /** False: thinned so that the minimum and maximum of every stretch remain. */
  exact: boolean;
}

export const CHART_POINTS = 2000;

export const metricKeys = {
  all: (ws: string, run: string) => [...runKeys.detail(ws, run), "metrics"] as const,
  summary: (ws: string, run: string) => [...metricKeys.all(ws, run), "summary"] as const,
  chart: (ws: string, run: string, name: string) => [...metricKeys.all(ws, run), "chart", name] as const,
};

export function pointsFromWire(columns: { steps: number[]; timestamps: number[]; values: WireNumber[] }): Points {
  return { steps: columns.steps, timestamps: columns.timestamps, values: columns.values.map(fromWire) };
}

export const chartQuery = (ws: string, run: string, name: string) =>
  queryOptions({
    queryKey: metricKeys.chart(ws, run, name),
    queryFn: async ({ signal }): Promise<Series> => {
      const path = `${runPath(ws, run)}/metrics/${encodeURIComponent(name)}/chart`;
      const answer = await request<ChartAnswer>(path, { query: { points: CHART_POINTS }, signal });
      return { ...pointsFromWire(answer), exact: answer.exact };
    },
  });

/** A stretch of a metric's steps, both ends included. */
export interface StepRange {
  start: number;
  end: number;
}

/** What lies between two steps, as fine as the whole chart is. */
export const chartPartQuery = (ws: string, run: string, name: string, range: StepRange | null) =>
  queryOptions({
    queryKey: [...metricKeys.chart(ws, run, name), "part", range],
    queryFn: async ({ signal }): Promise<Series> => {
      const path = `${runPath(ws, run)}/metrics/${encodeURIComponent(name)}/chart`;
      const query = { points: CHART_POINTS, start_step: range?.start, end_step: range?.end };
      const answer = await request<ChartAnswer>(path, { query, signal });
      return { ...pointsFromWire(answer), exact: answer.exact };
    },
    enabled: range !== null,
  });

/** A series with a finer reading of one of its stretches in its place. */
export function refined(series: Series, part: Series, range: StepRange): Series {
  const before = series.steps.flatMap((step, i) => (step < range.start ? [i] : []));
  const after = series.steps.flatMap((step, i) => (step > range.end ? [i] : []));
  const column = (name: keyof Points) => {
    const pick = (rows: number[]) => rows.map((i) => series[name][i] ?? NaN);
    return [...pick(before), ...part[name], ...pick(after)];
  };
  return { exact: false, steps: column("steps"), timestamps: column("timestamps"), values: column("values") };
}

/** The latest point and the number of points of every metric, and everything that is not a number. */
export const metricsQuery = (ws: string, run: string) =>
  queryOptions({
    queryKey: metricKeys.summary(ws, run),
    queryFn: ({ signal }) => request<MetricsAnswer>(`${runPath(ws, run)}/metrics`, { query: { latest: true }, signal }),
  });

/**
 * A series with the points that the stream brought. The stream may repeat what a chart already shows (both were read
 * while the run went on), so a point that stands among the last known ones is left out.
 */
export function withPoints(series: Series, more: Points): Series {
  const known = new Set<string>();
  for (let i = Math.max(0, series.steps.length - 5000); i < series.steps.length; i++) known.add(pointKey(series, i));
  const added: number[] = [];
  for (let i = 0; i < more.steps.length; i++) {
    if (!known.has(pointKey(more, i))) added.push(i);
  }
  if (added.length === 0) return series;
  return {
    exact: series.exact,
    steps: [...series.steps, ...added.map((i) => more.steps[i] ?? 0)],
    timestamps: [...series.timestamps, ...added.map((i) => more.timestamps[i] ?? 0)],
    values: [...series.values, ...added.map((i) => more.values[i] ?? NaN)],
  };
}

function pointKey(points: Points, i: number): string {
  return `${points.steps[i] ?? 0}/${points.timestamps[i] ?? 0}/${points.values[i] ?? NaN}`;
}
