import { describe, expect, it } from "vitest";

import { bar, spanTree, ticks, timeRange, visibleSpans, type TimedSpan } from "./spans";

const span = (id: string, parent_id: string | null, start_ns: number, end_ns: number | null = start_ns + 10) =>
  ({ id, parent_id, start_ns, end_ns }) satisfies TimedSpan;
const rows = (spans: TimedSpan[], closed: string[] = []) =>
  visibleSpans(spanTree(spans), new Set(closed)).map((node) => `${node.level}${node.span.id}`);

describe("spans as a tree", () => {
  it("stand below their parents in the order of their beginnings", () => {
    expect(rows([span("a", null, 0), span("c", "a", 5), span("b", "a", 2), span("d", "b", 3)])).toEqual([
      "1a",
      "2b",
      "3d",
      "2c",
    ]);
  });

  it("hide what is below a closed one", () => {
    expect(rows([span("a", null, 0), span("b", "a", 1), span("c", "b", 2)], ["b"])).toEqual(["1a", "2b"]);
  });

  it("are roots when their parent is missing or below them", () => {
    expect(rows([span("a", "gone", 0), span("b", null, 1)])).toEqual(["1a", "1b"]);
    const circle = rows([span("a", "b", 0), span("b", "a", 1)]);
    expect([...circle].sort()).toEqual(["1a", "1b"]);
    expect(rows([span("a", "a", 0)])).toEqual(["1a"]);
  });
});

describe("the waterfall", () => {
  const range = timeRange([span("a", null, 100, 200), span("b", "a", 150, null)]);
  it("spans from the first beginning to the last end", () => {
    expect(range).toEqual({ start: 100, end: 200 });
    expect(timeRange([])).toEqual({ start: 0, end: 1 });
  });
  it("has bars in percent, open ones to the end", () => {
    expect(bar(span("b", null, 150, 175), range)).toEqual({ left: 50, width: 25 });
    expect(bar(span("b", null, 150, null), range)).toEqual({ left: 50, width: 50 });
  });
  it("has round marks", () => {
    expect(ticks(423, 5)).toEqual([0, 100, 200, 300, 400]);
    expect(ticks(1, 4)).toEqual([0, 0.5, 1]);
  });
});
