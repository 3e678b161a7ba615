// @vitest-environment jsdom
import { QueryClient } from "@tanstack/react-query";
import { http, HttpResponse } from "msw";
import { describe, expect, it } from "vitest";

import { applyMetrics } from "./live";
import { chartQuery, metricKeys, withPoints, type Series, refined } from "./metrics";
import { mockServer } from "./mock_server";

const points = (from: number, to: number) => {
  const steps = Array.from({ length: to - from }, (_, i) => from + i);
  return { steps, timestamps: steps.map((step) => 1000 + step), values: steps.map((step) => step / 10) };
};

describe("points that the stream brings", () => {
  const series: Series = { ...points(0, 3), exact: true };

  it("are appended", () => {
    expect(withPoints(series, points(3, 5))).toEqual({ ...points(0, 5), exact: true });
  });

  it("are not drawn twice when the chart has them already", () => {
    expect(withPoints(series, points(1, 5))).toEqual({ ...points(0, 5), exact: true });
    expect(withPoints(series, points(0, 3))).toBe(series);
  });

  it("keep a step that was logged again with another value", () => {
    const again = { steps: [2], timestamps: [1002], values: [9] };
    expect(withPoints(series, again).values).toEqual([0, 0.1, 0.2, 9]);
  });

  it("go to the charts that are there, and have unknown names looked up", () => {
    const client = new QueryClient();
    client.setQueryData(metricKeys.chart("lab", "r", "loss"), series);
    client.setQueryData(metricKeys.summary("lab", "r"), { series: [], records: [] });
    applyMetrics(client, "lab", "r", { loss: points(3, 4), accuracy: points(0, 1) });
    expect(client.getQueryData<Series>(metricKeys.chart("lab", "r", "loss"))?.steps).toEqual([0, 1, 2, 3]);
    expect(client.getQueryData(metricKeys.chart("lab", "r", "accuracy"))).toBeUndefined();
    expect(client.getQueryState(metricKeys.summary("lab", "r"))?.isInvalidated).toBe(true);
  });

  it("make a chart of what was a single number", () => {
    const client = new QueryClient();
    const known = (total: number) => ({
      series: [{ name: "loss", total, ...points(0, 1), is_int: false }],
      records: [],
    });
    client.setQueryData(metricKeys.summary("lab", "r"), known(2));
    applyMetrics(client, "lab", "r", { loss: points(2, 3) });
    expect(client.getQueryState(metricKeys.summary("lab", "r"))?.isInvalidated).toBe(false);
    client.setQueryData(metricKeys.summary("lab", "r"), known(1));
    applyMetrics(client, "lab", "r", { loss: points(1, 2) });
    expect(client.getQueryState(metricKeys.summary("lab", "r"))?.isInvalidated).toBe(true);
  });
});

describe("a chart", () => {
  it("is read with numbers that JSON cannot carry", async () => {
    mockServer.use(
      http.get("*/runs/r/metrics/val%2Floss/chart", () =>
        HttpResponse.json({
          steps: [0, 1, 2, 3],
          timestamps: [1, 2, 3, 4],
          values: [1, "NaN", "Infinity", "-Infinity"],
          exact: false,
        }),
      ),
    );
    const series = await new QueryClient().query(chartQuery("lab", "r", "val/loss"));
    expect(series.values).toEqual([1, NaN, Infinity, -Infinity]);
    expect(series.exact).toBe(false);
  });
});

describe("a finer reading of a stretch", () => {
  it("stands in its place", () => {
    const series = { steps: [0, 5, 10, 15], timestamps: [0, 5, 10, 15], values: [1, 2, 3, 4], exact: false };
    const part = { steps: [4, 5, 6, 10], timestamps: [4, 5, 6, 10], values: [9, 2, 8, 3], exact: true };
    expect(refined(series, part, { start: 4, end: 10 }).steps).toEqual([0, 4, 5, 6, 10, 15]);
    expect(refined(series, part, { start: 4, end: 10 }).values).toEqual([1, 9, 2, 8, 3, 4]);
  });
});
