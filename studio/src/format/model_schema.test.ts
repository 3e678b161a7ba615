import { describe, expect, it } from "vitest";

import { columnSpecs, datasetColumns, flavors, profileFacts, signature, sourceText } from "./model_schema";

const MLMODEL = `artifact_path: x
flavors:
  python_function:
    env:
      conda: conda.yaml
  sklearn:
    code: null
run_id: abc
signature:
  inputs: '[{"type": "double", "name": "mean radius", "required": true}, {"type":
    "long", "name": "it''s", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
utc_time_created: '2026-11-21 13:26:37.596958'
`;

describe("an MLmodel file", () => {
  it("names its flavors", () => expect(flavors(MLMODEL)).toEqual(["python_function", "sklearn"]));

  it("has a signature, broken into lines as YAML does it", () => {
    expect(signature(MLMODEL)).toEqual({
      inputs: [
        { name: "mean radius", type: "double", required: true },
        { name: "it's", type: "long", required: false },
      ],
      outputs: [{ name: "–", type: "tensor(int64, [-1])", required: true }],
      params: [],
    });
  });

  it("may have none", () => {
    expect(signature("flavors:\n  sklearn: {}\n")).toBeUndefined();
    expect(flavors("")).toEqual([]);
  });
});

describe("types of columns", () => {
  it("are written as people read them", () => {
    const specs = [
      { type: "array", items: { type: "string" }, name: "tags" },
      { type: "object", name: "who", properties: { age: { type: "long" } } },
      { name: "temperature", type: "float", default: 0.5 },
    ];
    expect(columnSpecs(specs).map(({ type }) => type)).toEqual(["array of string", "{age: long}", "float = 0.5"]);
    expect(columnSpecs(specs)[2]?.required).toBe(false);
    expect(columnSpecs("nonsense")).toEqual([]);
  });
});

describe("a data set", () => {
  it("has columns, a source and a profile", () => {
    expect(datasetColumns('{"mlflow_colspec": [{"type": "double", "name": "x", "required": true}]}')).toEqual([
      { name: "x", type: "double", required: true },
    ]);
    expect(datasetColumns("")).toEqual([]);
    expect(sourceText("http", '{"url": "https://example.com/a.csv"}')).toBe("https://example.com/a.csv");
    expect(sourceText("code", '{"tags": {"mlflow.source.name": "train.py"}}')).toBe("train.py");
    expect(sourceText("local", "data/a.csv")).toBe("data/a.csv");
    expect(profileFacts('{"num_rows": 1569, "num_elements": 3}')).toEqual([
      ["rows", "1,569"],
      ["elements", "3"],
    ]);
    expect(profileFacts("")).toEqual([]);
  });
});
