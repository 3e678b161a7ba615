import { describe, expect, it } from "vitest";

import { argumentPairs } from "./arguments";

describe("arguments", () => {
  it("are names and values", () => {
    expect(
      argumentPairs(["data.csv", "--lr", "0.1", "--offset", "-3", "--mode=fast", "--verbose", "-n", "5", "x"]),
    ).toEqual([
      ["#1", "data.csv"],
      ["--lr", "0.1"],
      ["--offset", "-3"],
      ["--mode", "fast"],
      ["--verbose", "yes"],
      ["-n", "5"],
      ["#2", "x"],
    ]);
  });
});
