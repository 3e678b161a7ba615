import { describe, expect, it } from "vitest";

import { definitionChanges, lockChanges } from "./definition_changes";

function definition(dependencies: unknown[], more: object = {}) {
  return { name: "train", version: "1", python: { condaDependencies: { channels: ["a"], dependencies } }, ...more };
}

describe("definitionChanges", () => {
  it("names packages that came, went and changed, whatever the spelling", () => {
    const before = definition(["python=3.10", "scipy=1.1", { pip: ["Scikit_Learn==1.4"] }]);
    const after = definition(["python=3.11", { pip: ["scikit-learn==1.5", "six"] }]);
    expect(definitionChanges(before, after)).toEqual([
      { what: "python", before: "python=3.10", after: "python=3.11" },
      { what: "scikit-learn", before: "Scikit_Learn==1.4", after: "scikit-learn==1.5" },
      { what: "scipy", before: "scipy=1.1", after: undefined },
      { what: "six", before: undefined, after: "six" },
    ]);
  });

  it("names settings by their paths, and channels in their order", () => {
    const before = definition([], { environmentVariables: { LR: "0.1" }, docker: { arguments: [], shmSize: null } });
    const after = definition([], {
      environmentVariables: { LR: "0.2" },
      docker: { arguments: ["--cpus", "2"], enabled: true },
    });
    after.python.condaDependencies.channels = ["b", "a"];
    expect(definitionChanges(before, after)).toEqual([
      { what: "channels", before: "a", after: "b, a" },
      { what: "docker.arguments", before: undefined, after: "--cpus, 2" },
      { what: "docker.enabled", before: undefined, after: "true" },
      { what: "environmentVariables.LR", before: "0.1", after: "0.2" },
    ]);
  });

  it("says nothing of names, versions and what is the same", () => {
    expect(definitionChanges(definition(["six"]), { ...definition(["six"]), name: "b", version: "2" })).toEqual([]);
  });
});

it("lockChanges compares exact versions", () => {
  const lock = { key: "k", platform: "linux", python: "3.11.9", conda: [], pip: "six==1.15.0\nidna==3.1" };
  const other = { ...lock, python: "3.12.1", pip: "six==1.16.0\nidna==3.1" };
  expect(lockChanges(lock, other)).toEqual([
    { what: "python", before: "3.11.9", after: "3.12.1" },
    { what: "six", before: "1.15.0", after: "1.16.0" },
  ]);
});
