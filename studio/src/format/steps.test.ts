import { expect, it } from "vitest";

import { timedSteps } from "./steps";

it("says where the time of a build went", () => {
  expect(timedSteps({ resolve: 0.5, pip: 2, custom: 0 })).toEqual([
    { name: "Resolve to a lock", took: 500, share: 0.25 },
    { name: "Install with pip", took: 2000, share: 1 },
    { name: "custom", took: 0, share: 0 },
  ]);
  expect(timedSteps({})).toEqual([]);
  expect(timedSteps({ resolve: 0 })).toEqual([{ name: "Resolve to a lock", took: 0, share: 0 }]);
});
