import { describe, expect, it } from "vitest";

import { EventParser } from "./sse";

const TEXT =
  ': hello\n\nid: 1\nevent: run\ndata: {"a": 1}\n\nid: 2\r\nevent: log\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\n\n';
const EVENTS = [
  { id: "1", event: "run", data: '{"a": 1}' },
  { id: "2", event: "log", data: "one\ntwo" },
  { id: "2", event: "message", data: "bare" },
];

describe("the parser of events", () => {
  it("reads fields, comments and all line ends", () => {
    expect(new EventParser().push(TEXT)).toEqual(EVENTS);
  });

  it("does not care where the network cuts", () => {
    for (let size = 1; size < 12; size++) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < TEXT.length; at += size) found.push(...parser.push(TEXT.slice(at, at + size)));
      expect(found).toEqual(EVENTS);
    }
  });

  it("keeps an event that is not complete", () => {
    const parser = new EventParser();
    expect(parser.push("data: half")).toEqual([]);
    expect(parser.push("\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ id: "", event: "message", data: "half" }]);
  });
});
