import { expect, test } from "vitest";

import { aliasesOf } from "./aliases";

test("the aliases of one version, in order", () => {
  expect(aliasesOf({ next: 4, champion: 3, best: 4 }, 4)).toEqual(["best", "next"]);
  expect(aliasesOf({ next: 4 }, 1)).toEqual([]);
});
