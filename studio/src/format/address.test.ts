import { expect, it } from "vitest";

import { changed, NO_PLACE, type TablePlace } from "./address";

it("changes a part and keeps the rest", () => {
  const before: TablePlace & { tab?: string } = { tab: "versions", q: "a", sort: "name" };
  expect(changed(before, { sort: "created", desc: true })).toEqual({
    tab: "versions",
    q: "a",
    sort: "created",
    desc: true,
  });
});

it("leaves no trace of what is undefined", () => {
  const before: TablePlace & { tab?: string } = { tab: "versions", q: "a", sort: "name", desc: false };
  expect(changed(before, { ...NO_PLACE, tab: "builds" })).toStrictEqual({ tab: "builds" });
});
