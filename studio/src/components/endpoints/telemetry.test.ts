import { describe, expect, it } from "vitest";

import type { ServiceMetrics, ServiceMetricsPoint } from "../../api/types";
import { reading, TELEMETRY_CHARTS, telemetryLines } from "./telemetry";

function point(start: number, fields: Partial<ServiceMetricsPoint> = {}): ServiceMetricsPoint {
  return {
    start,
    seconds: 10,
    requests: 20,
    requests_per_second: 2,
    client_errors: 5,
    server_errors: 10,
    statuses: {},
    failures: 0,
    mean_ms: 2,
    p50_ms: 1,
    p95_ms: 2,
    p99_ms: 3,
    cpu_cores: 0.5,
    workers: 2,
    memory_bytes: 1024 * 1024,
    ...fields,
  };
}

function found(points: ServiceMetricsPoint[]): ServiceMetrics {
  return { since: 1000, until: 100_000, step_seconds: 10, points, total: null, stored: true, revisions: [] };
}

function chart(id: string) {
  const chosen = TELEMETRY_CHARTS.find((one) => one.id === id);
  if (!chosen) throw new Error(id);
  return chosen;
}

describe("telemetryLines", () => {
  it("spans the time that was asked for, with a gap where nothing was observed", () => {
    const [line] = telemetryLines(chart("requests"), found([point(0), point(10_000), point(50_000)]));
    expect(line?.points.timestamps).toEqual([1000, 1000, 10_000, 20_000, 50_000, 100_000]);
    expect(line?.points.values).toEqual([NaN, 2, 2, NaN, 2, NaN]);
  });

  it("has no percentile where nothing was answered", () => {
    const lines = telemetryLines(chart("latency"), found([point(10_000, { p50_ms: null })]));
    expect(lines.map((line) => [line.label, line.points.values[1]])).toEqual([
      ["p50", NaN],
      ["p95", 2],
      ["p99", 3],
    ]);
  });

  it("shows errors per second and memory in MiB", () => {
    const points = [point(1000)];
    expect(telemetryLines(chart("errors"), found(points)).map((line) => line.points.values[1])).toEqual([0.5, 1]);
    expect(telemetryLines(chart("memory"), found(points))[0]?.points.values[1]).toBe(1);
  });
});

describe("reading", () => {
  it("has three digits", () => {
    expect([0.012345, 1.5, 12.345, 1234.5, 0, NaN, null].map(reading)).toEqual([
      "0.0123",
      "1.5",
      "12.3",
      "1,235",
      "0",
      "–",
      "–",
    ]);
  });
});
