import type { ServiceMetrics, ServiceMetricsPoint } from "../../api/types";
import { counted } from "../../format/number";
import type { Line } from "../metrics/plot_data";

type Read = (point: ServiceMetricsPoint) => number | null;

/** A chart of an endpoint: what it is of, in which unit, and its lines. */
export interface TelemetryChart {
  id: string;
  title: string;
  unit: string;
  /** It is of the machine and not of requests. */
  isUse?: true;
  lines: readonly { label: string; read: Read }[];
}

const MIB = 1024 * 1024;

function rate(counted: number, point: ServiceMetricsPoint): number {
  return counted / point.seconds;
}

export const TELEMETRY_CHARTS: readonly TelemetryChart[] = [
  {
    id: "requests",
    title: "Requests",
    unit: "per second",
    lines: [{ label: "all", read: (point) => point.requests_per_second }],
  },
  {
    id: "latency",
    title: "Latency",
    unit: "ms",
    lines: [
      { label: "p50", read: (point) => point.p50_ms },
      { label: "p95", read: (point) => point.p95_ms },
      { label: "p99", read: (point) => point.p99_ms },
    ],
  },
  {
    id: "errors",
    title: "Errors",
    unit: "per second",
    lines: [
      { label: "4xx", read: (point) => rate(point.client_errors, point) },
      { label: "5xx", read: (point) => rate(point.server_errors, point) },
    ],
  },
  {
    id: "cpu",
    title: "CPU",
    unit: "cores",
    isUse: true,
    lines: [{ label: "in use", read: (point) => point.cpu_cores }],
  },
  {
    id: "memory",
    title: "Memory",
    unit: "MiB",
    isUse: true,
    lines: [{ label: "resident", read: (point) => point.memory_bytes / MIB }],
  },
  {
    id: "workers",
    title: "Workers",
    unit: "processes",
    isUse: true,
    lines: [{ label: "can answer", read: (point) => point.workers }],
  },
];

/**
 * The lines of a chart over the whole time that was asked for: where nothing was observed, or nothing answered, there is
 * a gap.
 */
export function telemetryLines(chart: TelemetryChart, found: ServiceMetrics): Line[] {
  return chart.lines.map(({ label, read }) => {
    const timestamps = [found.since];
    const values = [NaN];
    let end = found.since;
    for (const point of found.points) {
      if (point.start - end > found.step_seconds * 1000) {
        timestamps.push(end);
        values.push(NaN);
      }
      timestamps.push(Math.max(point.start, found.since));
      values.push(read(point) ?? NaN);
      end = point.start + found.step_seconds * 1000;
    }
    timestamps.push(Math.max(found.until, end));
    values.push(NaN);
    return { label, points: { steps: timestamps.map((_, i) => i), timestamps, values } };
  });
}

/** "0.013", "1,240", "12.5": three digits are enough to read at a glance. */
export function reading(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "–";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

/** "1,015 requests · 28 errors · p50 5.8 ms · p99 14.3 ms". */
export function requestsText(total: ServiceMetricsPoint): string {
  const errors = total.client_errors + total.server_errors;
  const parts = [counted(total.requests, "request"), errors === 0 ? "no errors" : counted(errors, "error")];
  if (total.p50_ms !== null) parts.push(`p50 ${reading(total.p50_ms)} ms`, `p99 ${reading(total.p99_ms)} ms`);
  return parts.join(" · ");
}
