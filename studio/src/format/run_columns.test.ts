import { expect, test } from "vitest";

import { suggestedColumns } from "./run_columns";

const run = (metrics: Record<string, number>, params: Record<string, string> = {}) => ({ metrics, params });

test("the metrics that most runs have, not those of the machine, and parameters that differ", () => {
  const runs = [
    run({ auc: 1, loss: 2, rare: 3, "system/cpu": 4 }, { lr: "0.1", seed: "7" }),
    run({ auc: 1, loss: 2, "system/cpu": 4 }, { lr: "0.2", seed: "7" }),
    run({ auc: 1, "system/cpu": 4 }, { lr: "0.2", seed: "7", depth: "3" }),
  ];
  expect(suggestedColumns(runs)).toEqual(["metric:auc", "metric:loss", "metric:rare", "param:lr", "param:depth"]);
});

test("no more than fit, and all parameters of a single run", () => {
  const many = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, 1]));
  expect(suggestedColumns([run(many, { x: "1" })])).toEqual(["metric:a", "metric:b", "metric:c", "param:x"]);
  expect(suggestedColumns([])).toEqual([]);
});
