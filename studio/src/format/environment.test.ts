import { describe, expect, it } from "vitest";

import { packagesOf, toYaml } from "./environment";

const CONDA = {
  name: "train",
  channels: ["conda-forge"],
  dependencies: ["python=3.11", { pip: ["scikit-learn==1.5"] }],
};

describe("an environment", () => {
  it.each([[{ condaDependencies: CONDA }], [{ python: { condaDependencies: CONDA } }]])(
    "names its packages",
    (definition) => {
      expect(packagesOf(definition)).toEqual(["python=3.11", "scikit-learn==1.5"]);
    },
  );

  it.each([[null], ["text"], [{}], [{ condaDependencies: { dependencies: "x" } }]])(
    "may name none: %j",
    (definition) => {
      expect(packagesOf(definition)).toEqual([]);
    },
  );

  it("is shown as the conda file it was", () => {
    expect(toYaml(CONDA)).toBe(
      "name: train\nchannels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip:\n  - scikit-learn==1.5\n",
    );
  });

  it("quotes what YAML would read otherwise", () => {
    expect(toYaml({ a: "true", b: "1.0", c: "x: y", d: null, e: 3, f: [] })).toBe(
      'a: "true"\nb: "1.0"\nc: "x: y"\nd: null\ne: 3\nf: []\n',
    );
  });
});
