import { describe, expect, it } from "vitest";

import { dockerfileOf, imageOf, interpreterOf, packagesOf, toYaml } from "./environment";

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

  it("whose interpreter is used as it is names no packages", () => {
    const python = { userManagedDependencies: true, interpreterPath: "/usr/bin/python3", condaDependencies: CONDA };
    expect(packagesOf({ python })).toEqual([]);
    expect(interpreterOf({ python })).toBe("/usr/bin/python3");
    expect(interpreterOf({ python: { condaDependencies: CONDA } })).toBeUndefined();
  });

  it("says what its image begins with", () => {
    const plain = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:1";
    const context = { location: "https://me:secret@host/r.git#main", dockerfilePath: "a/Dockerfile" };
    expect(imageOf({ docker: { baseImage: plain } })).toBeUndefined();
    expect(imageOf({ docker: { baseImage: plain, enabled: true } })).toBe(plain);
    expect(imageOf({ docker: { baseImage: "python:3.11" } })).toBe("python:3.11");
    expect(imageOf({ docker: { baseDockerfile: "FROM x" } })).toBe("Its Dockerfile");
    expect(imageOf({ docker: { buildContext: context } })).toBe("a/Dockerfile of https://host/r.git#main");
    expect(dockerfileOf({ docker: { baseDockerfile: "FROM x" } })).toBe("FROM x");
    expect(dockerfileOf({})).toBeUndefined();
  });

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
