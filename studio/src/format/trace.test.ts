import { describe, expect, it } from "vitest";

import { traceFacts } from "./trace";

describe("the facts of a trace", () => {
  it("are what MLflow's metadata say", () => {
    const metadata = {
      "mlflow.trace.session": "s-1",
      "mlflow.trace.user": "ada",
      "mlflow.trace.tokenUsage": '{"input_tokens": 1000, "output_tokens": 640, "total_tokens": 1640}',
      "mlflow.trace.cost": '{"total_cost": 0.00123}',
    };
    expect(traceFacts(metadata)).toEqual([
      ["Session", "s-1"],
      ["User", "ada"],
      ["Tokens", "1,640"],
      ["Cost", "$0.0012"],
    ]);
    expect(traceFacts({ "mlflow.trace.tokenUsage": "many" })).toEqual([]);
  });
});
