import { describe, expect, it } from "vitest";

import { ordered, plotColumns, stepsWithin, type ChartSettings } from "./plot_data";

const settings = (change: Partial<ChartSettings> = {}): ChartSettings => ({
  x: "step",
  smoothing: 0,
  log: false,
  ...change,
});
const line = (label: string, steps: number[], values: number[]) => ({
  label,
  points: { steps, timestamps: steps.map((step) => 5000 + step * 1000), values },
});

describe("the columns of a plot", () => {
  it("are in the order of x", () => {
    expect(plotColumns([line("a", [2, 0, 1], [20, 0, 10])], settings())).toEqual([
      [0, 1, 2],
      [0, 10, 20],
    ]);
  });

  it("have gaps for what cannot be drawn", () => {
    expect(plotColumns([line("a", [0, 1, 2], [1, NaN, -1])], settings({ log: true }))).toEqual([
      [0, 1, 2],
      [1, null, null],
    ]);
  });

  it("bring several lines onto one axis", () => {
    const columns = plotColumns([line("a", [0, 2], [1, 3]), line("b", [1, 2], [5, 6])], settings());
    expect(columns).toEqual([
      [0, 1, 2],
      [1, undefined, 3],
      [undefined, 5, 6],
    ]);
  });

  it("hold the smoothed line beside the logged one", () => {
    expect(plotColumns([line("a", [0, 1], [1, 1])], settings({ smoothing: 0.5 }))).toHaveLength(3);
  });

  it("count relative time from the first point, in seconds", () => {
    expect(ordered(line("a", [0, 3], [1, 2]).points, "relative").xs).toEqual([0, 3]);
    expect(ordered(line("a", [0, 3], [1, 2]).points, "time").xs).toEqual([5, 8]);
  });

  it("are empty without lines", () => {
    expect(plotColumns([], settings())).toEqual([[]]);
  });
});

describe("a stretch of a plot", () => {
  const { points } = line("a", [0, 10, 20, 30, 40], [1, 2, 3, 4, 5]);
  it("has the steps that are in it, and one more on either side", () => {
    expect(stepsWithin(points, "step", 12, 25)).toEqual({ start: 10, end: 30 });
    expect(stepsWithin(points, "step", 0, 100)).toEqual({ start: 0, end: 40 });
    expect(stepsWithin(points, "relative", 19, 21)).toEqual({ start: 10, end: 30 });
  });
  it("between two points has these two", () => {
    expect(stepsWithin(points, "step", 12, 13)).toEqual({ start: 10, end: 20 });
  });
  it("without points is none", () => {
    expect(stepsWithin(points, "step", 50, 60)).toBeNull();
  });
});
