import { expect, test } from "vitest";

import { inline, markdown } from "./markdown";

const text = (words: string) => ({ kind: "text", text: words });

test("blocks one after the other", () => {
  const found = markdown("# Title\n\nOne\ntwo\n\n* a\n* b\n  more\n\n3. c\n\n> said\n\n---\n```py\n*x*\n```\n");
  expect(found).toEqual([
    { kind: "heading", level: 1, parts: [text("Title")] },
    { kind: "paragraph", lines: [[text("One")], [text("two")]] },
    { kind: "list", ordered: false, start: 1, items: [[text("a")], [text("b more")]] },
    { kind: "list", ordered: true, start: 3, items: [[text("c")]] },
    { kind: "quote", lines: [[text("said")]] },
    { kind: "rule" },
    { kind: "code", text: "*x*" },
  ]);
});

test("a table needs its line of dashes", () => {
  expect(markdown("| a | b |\n|---|:-:|\n| 1 | **2** |")).toEqual([
    {
      kind: "table",
      head: [[text("a")], [text("b")]],
      rows: [[[text("1")], [{ kind: "strong", parts: [text("2")] }]]],
    },
  ]);
  expect(markdown("a | b\nc | d")[0]?.kind).toBe("paragraph");
});

test("marks within a line", () => {
  expect(inline("takes **5 *days*** or `a*b*c`, see [here](https://x.org/a?b=1).")).toEqual([
    text("takes "),
    { kind: "strong", parts: [text("5 "), { kind: "emphasis", parts: [text("days")] }] },
    text(" or "),
    { kind: "code", text: "a*b*c" },
    text(", see "),
    { kind: "link", href: "https://x.org/a?b=1", parts: [text("here")] },
    text("."),
  ]);
  expect(inline("at https://x.org/a, too")[1]).toEqual({
    kind: "link",
    href: "https://x.org/a",
    parts: [text("https://x.org/a")],
  });
});

test("names, products and open marks stay as they are written", () => {
  for (const plain of [
    "learning_rate_max and val_loss",
    "2 * 3 * 4",
    "**open",
    "a ` b",
    "<b>x</b>",
    "snake__case__x",
  ]) {
    expect(inline(plain)).toEqual([text(plain)]);
  }
});

test("no link runs a script, and no depth is endless", () => {
  expect(inline("[x](javascript:alert(1))").some(({ kind }) => kind === "link")).toBe(false);
  expect(inline("[x](data:text/html,y)").some(({ kind }) => kind === "link")).toBe(false);
  expect(markdown("> ".repeat(5000) + "deep")).toHaveLength(1);
  expect(markdown("*".repeat(20000))).toHaveLength(1);
  expect(markdown("`a` ".repeat(100_000))).toHaveLength(1);
});
