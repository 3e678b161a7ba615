import { describe, expect, it } from "vitest";

import { duration, relativeTime } from "./time";

const NOW = Date.UTC(2026, 10, 21, 12);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("relative time", () => {
  it.each([
    [0, "just now"],
    [9 * SECOND, "just now"],
    [42 * SECOND, "42 seconds ago"],
    [3 * MINUTE, "3 minutes ago"],
    [HOUR, "1 hour ago"],
    [DAY, "yesterday"],
    [5 * DAY, "5 days ago"],
    [40 * DAY, "Oct 12, 2026"],
    [-2 * HOUR, "in 2 hours"],
  ])("%i ms ago is %s", (ago, text) => {
    expect(relativeTime(NOW - ago, NOW)).toBe(text);
  });
});

describe("a duration", () => {
  it.each([
    [-5, "0 s"],
    [850, "850 ms"],
    [1500, "1.5 s"],
    [2000, "2 s"],
    [42_000, "42 s"],
    [4 * MINUTE + 10 * SECOND, "4 min 10 s"],
    [2 * HOUR, "2 h"],
    [2 * HOUR + 5 * MINUTE, "2 h 5 min"],
    [3 * DAY + 4 * HOUR, "3 d 4 h"],
  ])("of %i ms is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
