import { describe, expect, it } from "vitest";

import { highlighter } from "./highlight";
import { smooth } from "./smoothing";
import {
  callWithCurl,
  callWithPython,
  deployAsItIs,
  deployInShell,
  deployModel,
  isServedAsItIs,
  openWorkspace,
} from "./snippets";

describe("snippets", () => {
  it("open the workspace by its name", () => {
    expect(openWorkspace("lab")).toBe('Workspace.get("lab")');
  });

  it("quote the body for the shell and for Python", () => {
    expect(callWithCurl("http://h/score", "it's")).toContain("-d 'it'\\''s'");
    expect(callWithPython("http://h/score", '{"a": 1}')).toContain('body = "{\\"a\\": 1}"');
  });

  it("take the key of an endpoint that asks for one from a variable", () => {
    expect(callWithCurl("http://h/score", "1", true)).toContain('-H "Authorization: Bearer $KEY" \\\n');
    expect(callWithPython("http://h/score", "1", true)).toContain('"Bearer " + os.environ["KEY"]}');
    expect(callWithPython("http://h/score", "1", true)).toContain("import os\n");
    expect(callWithPython("http://h/score", "1")).not.toContain("KEY");
  });

  it("name a service as services may be named", () => {
    expect(deployModel("default", "My_Model.v2", 1)).toContain('"my-model-v2-service"');
    expect(deployModel("default", "123", 1)).toContain('"model-service"');
  });
});

describe("a model that needs no entry script", () => {
  it("is one of MLflow, or of a framework that is known", () => {
    expect(isServedAsItIs({ framework: "ScikitLearn", source: "" })).toBe(true);
    expect(isServedAsItIs({ framework: null, source: "runs:/1/model" })).toBe(true);
    expect(isServedAsItIs({ framework: "PyTorch", source: "" })).toBe(false);
    expect(isServedAsItIs({ framework: null, source: "" })).toBe(false);
  });

  it("is deployed without one", () => {
    expect(deployAsItIs("lab", "digits", 2)).not.toContain("inference_config");
    expect(deployInShell("lab", "digits", 2)).toBe(
      "zaffre service deploy digits-service --model digits:2 --workspace lab",
    );
  });
});

describe("smoothing", () => {
  it("leaves a constant as it is, from the first point on", () => {
    for (const value of smooth([4, 4, 4], 0.9)) expect(value).toBeCloseTo(4);
  });

  it("passes gaps by and is off at zero", () => {
    expect(smooth([1, NaN, 3], 0)).toEqual([1, NaN, 3]);
    const [first, gap, last] = smooth([1, NaN, 3], 0.5);
    expect([first, gap]).toEqual([1, NaN]);
    expect(last).toBeCloseTo(1 + (2 * 2) / 3);
  });
});

describe("the highlighter", () => {
  it("knows Python's words, strings, numbers and comments, across lines", () => {
    const [first, second, third] = highlighter("py")('def f(x):  # why\n    return """a\nb""", 1.5');
    expect(first?.map(({ kind, text }) => `${kind}:${text}`)).toEqual([
      "keyword:def",
      "plain: ",
      "name:f",
      "plain:(",
      "plain:x",
      "plain:):  ",
      "comment:# why",
    ]);
    expect(second?.at(-1)).toEqual({ kind: "string", text: '"""a' });
    expect(third?.[0]).toEqual({ kind: "string", text: 'b"""' });
    expect(third?.at(-1)).toEqual({ kind: "number", text: "1.5" });
  });

  it("keeps every character of any text", () => {
    const text = 'x = \'open\n\ny: "z" \\ 0x1F\t#';
    for (const extension of ["py", "yml", "json", "sh", "md"]) {
      const lines = highlighter(extension)(text).map((line) => line.map((token) => token.text).join(""));
      expect(lines.join("\n")).toBe(text);
    }
  });
});
