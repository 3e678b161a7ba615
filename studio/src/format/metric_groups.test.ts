import { expect, test } from "vitest";

import { metricGroups } from "./metric_groups";

test("groups by the part before the slash, what has none and the lonely ones together before", () => {
  const names = ["eval/loss", "system/gpu_10", "lr", "system/gpu_2", "train/loss"];
  expect(metricGroups(names)).toEqual([
    ["", ["lr", "eval/loss", "train/loss"]],
    ["system", ["system/gpu_2", "system/gpu_10"]],
  ]);
});

test("nothing, and a slash at the beginning", () => {
  expect(metricGroups([])).toEqual([]);
  expect(metricGroups(["/a", "/b"])).toEqual([["", ["/a", "/b"]]]);
});
