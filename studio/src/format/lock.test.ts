import { describe, expect, it } from "vitest";

import type { EnvironmentLock } from "../api/types";
import { lockedPackages, lockText } from "./lock";

const PIN = { build: "h1_0", subdir: "noarch", sha256: "", record: {} };

const LOCK: EnvironmentLock = {
  key: "k1",
  platform: "linux-x86_64-cpython",
  python: "3.11.9",
  conda: [
    { ...PIN, name: "tzdata", version: "2026a", url: "https://channel.test/forge/noarch/tzdata-2026a-h1_0.conda" },
  ],
  pip: "scikit_learn==1.5.0 \\\n    --hash=sha256:aa\nthreadpoolctl==3.5.0 ; python_version > '3'\nown @ file:///wheels/own.whl",
};

describe("a lock", () => {
  it("is a list of packages, each beside what was asked", () => {
    expect(lockedPackages(LOCK, ["python=3.11", "Scikit-Learn>=1.4", "forge::tzdata"])).toEqual([
      { name: "own", version: "file:///wheels/own.whl" },
      { name: "python", version: "3.11.9", channel: "This machine", asked: "python=3.11" },
      { name: "scikit_learn", version: "1.5.0", asked: "Scikit-Learn>=1.4" },
      { name: "threadpoolctl", version: "3.5.0" },
      { name: "tzdata", version: "2026a", channel: "https://channel.test/forge", asked: "forge::tzdata" },
    ]);
  });

  it("names Python once where conda brings it", () => {
    const python = {
      ...PIN,
      name: "python",
      version: "3.11.9",
      url: "https://channel.test/forge/linux-64/python.conda",
    };
    const names = lockedPackages({ ...LOCK, conda: [python], pip: "" }, []).map(({ name }) => name);
    expect(names).toEqual(["python"]);
  });

  it("is shown as text", () => {
    expect(lockText({ ...LOCK, pip: "" })).toBe(
      "# key k1\n# platform linux-x86_64-cpython\n# python 3.11.9\n\n# conda\ntzdata=2026a=h1_0\n",
    );
  });
});
