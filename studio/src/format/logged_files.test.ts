import { describe, expect, it } from "vitest";

import { cellImage, loggedImages, loggedTables, splitRows } from "./logged_files";

const ID = "557927cc-196a-4fea-9ef9-56772d7f024c";

describe("the images of a run", () => {
  it("form a series by key, in the order of their steps, without the smaller copies", () => {
    const found = loggedImages([
      `images/samples~out+step+10+timestamp+5+${ID}.png`,
      `images/samples~out+step+10+timestamp+5+${ID}+compressed.webp`,
      `images/samples~out+step+2+timestamp+7+${ID}.png`,
    ]);
    expect(found.series).toEqual([
      {
        key: "samples/out",
        images: [
          { path: `images/samples~out+step+2+timestamp+7+${ID}.png`, step: 2, timestamp: 7 },
          { path: `images/samples~out+step+10+timestamp+5+${ID}.png`, step: 10, timestamp: 5 },
        ],
      },
    ]);
    expect(found.single).toEqual([]);
  });

  it("are known by the names of older clients too", () => {
    const { series } = loggedImages([`images/a#b%step%-1%timestamp%9%${ID}.png`]);
    expect(series.map(({ key, images }) => [key, images[0]?.step])).toEqual([["a/b", -1]]);
  });

  it("stand alone without a key", () => {
    expect(loggedImages(["images/plain.png", "confusion.jpg", "notes.txt", "images/x+step.png"])).toEqual({
      series: [],
      single: ["confusion.jpg", "images/plain.png", "images/x+step.png"],
    });
  });
});

describe("the tables of a run", () => {
  it("are those that MLflow's tag names", () => {
    const tag = [
      { path: "b.json", type: "table" },
      { path: "a.json", type: "table" },
      { path: "b.json", type: "table" },
      { path: "c.json", type: "other" },
    ];
    expect(loggedTables({ "mlflow.loggedArtifacts": JSON.stringify(tag) })).toEqual(["a.json", "b.json"]);
    expect(loggedTables({ "mlflow.loggedArtifacts": "{" })).toEqual([]);
    expect(loggedTables({})).toEqual([]);
  });

  it("have rows by column", () => {
    expect(splitRows({ columns: ["x", "y"], data: [[1, "a"], [2]] })).toEqual([
      { x: 1, y: "a" },
      { x: 2, y: undefined },
    ]);
    expect(splitRows([1])).toBeUndefined();
    expect(splitRows(null)).toBeUndefined();
  });

  it("may hold images", () => {
    expect(cellImage({ type: "image", filepath: "images/a.png" })).toBe("images/a.png");
    expect(cellImage("images/a.png")).toBeUndefined();
  });
});
