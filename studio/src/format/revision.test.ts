import { expect, it } from "vitest";

import { revisionText } from "./revision";

const taken = { code: "UserError", message: "", details: { reason: "RolledBack", revision: 2, serving_revision: 1 } };

it("is the number of the revision as a rule", () => {
  expect(revisionText({ revision: 3, error: null })).toBe("3");
  expect(revisionText({ revision: 3, error: { code: "UserError", message: "", details: { step: "init" } } })).toBe("3");
});

it("names the one that answers where the newest was taken back", () => {
  expect(revisionText({ revision: 2, error: taken })).toBe("1 answers; 2 was rolled back");
});

it("is quiet about it once a list knows the serving revision alone", () => {
  expect(revisionText({ revision: 1, error: taken })).toBe("1");
});
