// @vitest-environment jsdom
import { http, HttpResponse } from "msw";
import { describe, expect, it } from "vitest";

import { readText } from "./artifacts";
import { mockServer } from "./mock_server";
import { allItems } from "./pages";

const TEXT = "first line\nsecond ä line\nlast\n";
const BYTES = new TextEncoder().encode(TEXT);

/** A file that is served like the real one: whole, or the range that is asked for. */
function serveFile(): void {
  mockServer.use(
    http.get("*/file.txt", ({ request }) => {
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.get("Range") ?? "");
      if (!range) return new HttpResponse(BYTES);
      return new HttpResponse(BYTES.slice(Number(range[1]), Number(range[2]) + 1), { status: 206 });
    }),
  );
}

describe("the text of a file", () => {
  it("is read whole when it is short", async () => {
    serveFile();
    const read = await readText("/file.txt", BYTES.length, 1000);
    expect(read).toEqual({ text: TEXT, offset: 0, size: BYTES.length });
  });

  it("is cut at the end", async () => {
    serveFile();
    expect((await readText("/file.txt", BYTES.length, 5)).text).toBe("first");
  });

  it("is read from the end, beginning with a whole line", async () => {
    serveFile();
    const read = await readText("/file.txt", BYTES.length, 12, { tail: true });
    expect(read.text).toBe("last\n");
    expect(read.offset).toBe(BYTES.length - 5);
    expect(read.size).toBe(BYTES.length);
  });

  it("asks nothing for an empty file", async () => {
    expect(await readText("/file.txt", 0, 10)).toEqual({ text: "", offset: 0, size: 0 });
  });
});

describe("a list", () => {
  it("is followed to its end", async () => {
    const pages: Record<string, object> = { "": { items: [1, 2], next: "b" }, b: { items: [3], next: null } };
    mockServer.use(
      http.get("*/list", ({ request }) =>
        HttpResponse.json(pages[new URL(request.url).searchParams.get("after") ?? ""]),
      ),
    );
    expect(await allItems<number>("/list", { limit: 2 })).toEqual([1, 2, 3]);
  });
});
