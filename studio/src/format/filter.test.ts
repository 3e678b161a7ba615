import { describe, expect, it } from "vitest";

import { isFilter, orderBy, searchFilter } from "./filter";

describe("a search", () => {
  it.each([
    "metrics.accuracy > 0.9",
    "metrics.`val/loss` <= 1e-3 and params.lr = '0.1'",
    "tags.stage = 'candidate'",
    "attributes.status != 'Failed'",
    "attributes.run_id IN ('a', 'b')",
    "run_name ILIKE '%fox%'",
  ])("knows a filter: %s", (text) => {
    expect(isFilter(text)).toBe(true);
    expect(searchFilter(text)).toBe(text);
  });

  it.each(["brisk otter", "v1.2", "run-7", "like-new"])("looks for words in names: %s", (text) => {
    expect(searchFilter(` ${text} `)).toBe(`attributes.run_name ILIKE '%${text}%'`);
  });

  it("is no filter when it is empty", () => {
    expect(searchFilter("   ")).toBeUndefined();
  });

  it("cannot be broken out of", () => {
    expect(searchFilter("it's")).toBe("attributes.run_name ILIKE '%its%'");
  });
});

describe("an order", () => {
  it.each([
    [undefined, undefined],
    [{ id: "start_time", desc: true }, "attributes.start_time DESC"],
    [{ id: "metric:loss", desc: false }, "metrics.loss ASC"],
    [{ id: "metric:val/loss", desc: true }, "metrics.`val/loss` DESC"],
    [{ id: "param:a:b", desc: false }, "params.`a:b` ASC"],
  ])("%j is %s", (sorting, order) => {
    expect(orderBy(sorting)).toBe(order);
  });
});
