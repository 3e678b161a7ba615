import { describe, expect, it } from "vitest";

import { compare } from "./column";

describe("the order of cells", () => {
  it("is of numbers by size, of texts as people sort them, with what is absent first", () => {
    expect([3, null, 1, 2].sort(compare)).toEqual([null, 1, 2, 3]);
    expect(["b10", "B9", "a", ""].sort(compare)).toEqual(["", "a", "B9", "b10"]);
  });
});
