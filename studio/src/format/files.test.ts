import { describe, expect, it } from "vitest";

import { parseDelimited } from "./csv";
import { fileKind, fileTree, isLog, mainLog } from "./files";

describe("files", () => {
  it.each([
    ["outputs/plot.PNG", "image"],
    ["data.tsv", "csv"],
    ["a/b.json", "json"],
    ["train.py", "text"],
    ["model/MLmodel", "text"],
    ["model.pkl", "binary"],
    ["no_ending", "binary"],
  ])("%s is shown as %s", (path, kind) => {
    expect(fileKind(path)).toBe(kind);
  });

  it("make folders, folders first and names in their order", () => {
    const tree = fileTree([
      { path: "z.txt", size: 1 },
      { path: "b/10.txt" },
      { path: "b/9.txt" },
      { path: "b/c/d.txt" },
    ]);
    expect(tree.map((node) => node.path)).toEqual(["b", "z.txt"]);
    expect(tree[0]?.children?.map((node) => node.name)).toEqual(["c", "9.txt", "10.txt"]);
    expect(tree[1]?.size).toBe(1);
  });

  it("tell the log one wants first", () => {
    const paths = [
      "outputs/a.txt",
      "azureml-logs/20_image_build_log.txt",
      "azureml-logs/70_driver_log.txt",
      "logs/x.log",
    ];
    expect(mainLog(paths)).toBe("azureml-logs/70_driver_log.txt");
    expect(mainLog(paths.slice(0, 2))).toBe("azureml-logs/20_image_build_log.txt");
    expect(mainLog(["outputs/a.txt", "logs/x.log"])).toBe("logs/x.log");
    expect(mainLog(["outputs/a.txt"])).toBeUndefined();
    expect(isLog("outputs/a.txt")).toBe(false);
  });
});

describe("comma-separated text", () => {
  it("has quoted fields with separators, quotes and line ends in them", () => {
    expect(parseDelimited('a,b\r\n"1,5","say ""hi""\nthere"\n,', ",", 10)).toEqual([
      ["a", "b"],
      ["1,5", 'say "hi"\nthere'],
      ["", ""],
    ]);
  });

  it("is read as far as rows are wanted", () => {
    expect(parseDelimited("1\n2\n3\n", ",", 2)).toEqual([["1"], ["2"]]);
  });
});
