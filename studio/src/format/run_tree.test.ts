import { describe, expect, it } from "vitest";

import { flatRuns } from "./run_tree";

const runs = (...ids: string[]) => ids.map((id) => ({ id }));

describe("nested runs as rows", () => {
  it("have the children of opened runs below them", () => {
    const children = new Map([
      ["a", runs("b", "c")],
      ["c", runs("d")],
    ]);
    const { rows, places } = flatRuns(runs("a", "e"), { a: 2, c: 1, e: 1 }, children);
    expect(rows.map(({ id }) => `${places.get(id)?.level ?? "?"}${id}`)).toEqual(["0a", "1b", "1c", "2d", "0e"]);
    expect(["a", "b", "e"].map((id) => places.get(id)?.open)).toEqual([true, undefined, false]);
  });

  it("say that children are being read, and show a run once", () => {
    const { rows, places } = flatRuns(runs("a", "b"), {}, new Map([["a", undefined]]));
    expect(places.get("a")).toEqual({ level: 0, open: true, loading: true });
    expect(rows).toHaveLength(2);
    expect(flatRuns(runs("a", "b"), {}, new Map([["a", runs("b")]])).rows.map(({ id }) => id)).toEqual(["a", "b"]);
  });
});
