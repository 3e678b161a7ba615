import { describe, expect, it } from "vitest";

import { bytes, counted, metric } from "./number";

describe("a metric's value", () => {
  it.each([
    [0, "0"],
    [12345, "12,345"],
    [-3, "−3"],
    [0.912345678, "0.912346"],
    [0.5, "0.5"],
    [0.00001234, "1.234e-5".replace("-", "−")],
    [1.5e12, "1,500,000,000,000"],
    [1.25e20, "1.25e20"],
    [NaN, "NaN"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
  ])("%d is %s", (value, text) => {
    expect(metric(value)).toBe(text);
  });
});

describe("sizes and counts", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [300 * 1024 * 1024, "300 MiB"],
    [5 * 1024 ** 5, "5120 TiB"],
  ])("%i bytes are %s", (size, text) => {
    expect(bytes(size)).toBe(text);
  });

  it("counts one and many", () => {
    expect([counted(1, "run"), counted(0, "run"), counted(12_000, "match", "matches")]).toEqual([
      "1 run",
      "0 runs",
      "12,000 matches",
    ]);
  });
});
