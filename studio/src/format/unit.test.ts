import { describe, expect, it } from "vitest";

import { unitOf } from "./unit";

describe("the unit of a metric", () => {
  it.each([
    ["latency_ms", "ms"],
    ["system/cpu_utilization_percentage", "%"],
    ["system/system_memory_usage_megabytes", "MB"],
    ["peak memory (MiB)", "MiB"],
    ["epoch.seconds", "s"],
  ])("is in its name: %s", (name, unit) => {
    expect(unitOf(name)).toBe(unit);
  });

  it.each([["loss"], ["ms"], ["s"], ["val/accuracy"], ["constructor_constructor"], [""]])(
    "is not known: %s",
    (name) => {
      expect(unitOf(name)).toBeUndefined();
    },
  );
});
