import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import { isProse } from "../format/prose";
import RichText from "./RichText";

/** The HTML, without the classes and other attributes of its look. */
function html(text: string): string {
  const rendered = renderToStaticMarkup(<RichText text={text} />);
  return rendered.replace(/ (?:class|tabindex|role|aria-label)="[^"]*"/g, "").replace(/\n/g, "");
}

test("headings stand below the page's, lines end where they end, lists stand in lists", () => {
  expect(html("# Title")).toBe("<div><h3>Title</h3></div>");
  expect(html("One\ntwo")).toBe("<div><p>One<br/>two</p></div>");
  expect(html("- a\n  - b")).toBe("<div><ul><li>a<ul><li>b</li></ul></li></ul></div>");
  expect(html("~~old~~ **new** `x`")).toBe("<div><p><del>old</del> <strong>new</strong> <code>x</code></p></div>");
});

test("tables and tasks", () => {
  expect(html("| a |\n|---|\n| 1 |")).toContain("<tr><td>1</td></tr>");
  expect(html("- [x] done")).toContain("\u2611 done");
});

test("links lead to the web and to mail, in a page of their own", () => {
  expect(html("[here](https://example.org/a)")).toMatch(/<a [^>]*href="https:\/\/example.org\/a"[^>]*>here<\/a>/);
  expect(html("[here](https://example.org/a)")).toContain('rel="noopener noreferrer"');
  expect(html("at https://example.org/a")).toContain('href="https://example.org/a"');
});

test("no text runs a script or fetches a picture", () => {
  for (const address of ["javascript:alert(1)", "data:text/html,y", "vbscript:x", "/api/v1/x", "//elsewhere"]) {
    expect(html(`[x](${address})`)).toBe("<div><p>x</p></div>");
  }
  expect(html("<script>alert(1)</script>")).toContain("&lt;script&gt;");
  expect(html("![look](https://example.org/a.png)")).not.toContain("<img");
  expect(html("![look](javascript:x)")).toBe("<div><p>look</p></div>");
});

test("what is long or deep is no prose", () => {
  expect(isProse("> ".repeat(5) + "deep")).toBe(true);
  expect(isProse("> ".repeat(5000) + "deep")).toBe(false);
  expect(isProse("a ".repeat(4000))).toBe(true);
  expect(isProse("a ".repeat(4001))).toBe(false);
});
