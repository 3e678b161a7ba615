import { describe, expect, it } from "vitest";

import { logLines, plainText, spans } from "./log";
import { joinLog } from "./log_window";

describe("the lines of a log", () => {
  it("end with either line end", () => {
    expect(logLines("a\r\nb\nc")).toEqual(["a", "b", "c"]);
  });

  it("keep of a progress bar its last state", () => {
    expect(logLines(" 10%|█  \r 50%|███\r100%|█████\ndone")).toEqual(["100%|█████", "done"]);
    expect(logLines("half\r")).toEqual(["half"]);
  });
});

describe("terminal colours", () => {
  it("become pieces", () => {
    expect(spans("\x1b[32mok\x1b[0m and \x1b[1;91mbad\x1b[22m.")).toEqual([
      { text: "ok", color: "green" },
      { text: " and " },
      { text: "bad", bold: true, color: "red" },
      { text: ".", color: "red" },
    ]);
  });

  it("leave the text alone", () => {
    expect(plainText("\x1b[2K\x1b]0;title\x07a\x1b[31mb\x1b[39m")).toBe("ab");
    expect(spans("plain")).toEqual([{ text: "plain" }]);
    expect(spans("")).toEqual([]);
  });
});

describe("a growing log", () => {
  const known = { text: "añb", offset: 10, size: 14 };

  it("takes what follows", () => {
    expect(joinLog(known, { offset: 14, text: "c" })).toEqual({ text: "añbc", offset: 10, size: 15 });
  });

  it("leaves out what it has, counted in bytes", () => {
    expect(joinLog(known, { offset: 11, text: "ñbc" })).toEqual({ text: "añbc", offset: 10, size: 15 });
    expect(joinLog(known, { offset: 10, text: "añb" })).toBe(known);
  });
});
