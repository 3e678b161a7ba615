import { expect, test } from "vitest";

import { mlflowLink } from "./mlflow_link";

test.each([
  ["#/experiments/7/runs/abc", { run: "abc" }],
  ["/experiments/7/runs/abc?workspace=lab", { run: "abc", workspace: "lab" }],
  ["#/experiments/7", { experimentId: 7 }],
  ["#/experiments/7/models/m-1", { experimentId: 7 }],
  ["#/experiments/7/traces?selectedEvaluationId=tr-1", { experimentId: 7 }],
  ["#/experiments", {}],
  ["#/experiments/x", {}],
  ["#/workspaces/lab/experiments/7/runs/abc", { run: "abc", workspace: "lab" }],
  ["#/models/my%20model", { model: "my model" }],
  ["#/models/m/versions/3", { model: "m", version: "3" }],
  ["#/models/100%", { model: "100%" }],
])("%s is understood", (hash, link) => {
  expect(mlflowLink(hash)).toEqual(link);
});

test.each(["", "#", "#/", "#section", "#/prompts/x", "#/models"])("%s leads nowhere else", (hash) => {
  expect(mlflowLink(hash)).toBeUndefined();
});
