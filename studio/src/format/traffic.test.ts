import { describe, expect, it } from "vitest";

import { percentOf, restFor, share, sharesText, sharesTrouble } from "./traffic";

describe("share", () => {
  it("takes whole percentages alone", () => {
    expect(share("0")).toBe(0);
    expect(share(" 100 ")).toBe(100);
    for (const text of ["", "-1", "101", "12.5", "1e1", "ten"]) expect(share(text)).toBeNull();
  });
});

describe("sharesTrouble", () => {
  it("is quiet where the shares add up", () => {
    expect(sharesTrouble({ stable: "75", canary: "25" })).toBeNull();
  });

  it("says what is missing and what is too much", () => {
    expect(sharesTrouble({ stable: "75", canary: "15" })).toBe(
      "Together they get 90 %: 10 % of the requests would go nowhere.",
    );
    expect(sharesTrouble({ stable: "75", canary: "30" })).toBe("Together they get 105 %, which is 5 % too much.");
  });

  it("names the version whose share is no number", () => {
    expect(sharesTrouble({ stable: "75", canary: "" })).toBe(
      "The share of canary must be a whole number from 0 to 100.",
    );
  });
});

describe("restFor", () => {
  it("is what the others leave", () => {
    expect(restFor("stable", { stable: "75", canary: "30", old: "5" })).toBe(65);
    expect(restFor("stable", { stable: "what?", canary: "100" })).toBe(0);
  });

  it("is nothing where the others have too much or are no numbers", () => {
    expect(restFor("stable", { stable: "0", canary: "60", old: "60" })).toBeNull();
    expect(restFor("stable", { stable: "0", canary: "" })).toBeNull();
  });
});

describe("sharesText", () => {
  it("names every version", () => {
    expect(sharesText({ stable: 75, canary: 25 })).toBe("stable 75 %, canary 25 %");
  });
});

describe("percentOf", () => {
  it("keeps small parts visible", () => {
    expect(percentOf(108, 289)).toBe("37 %");
    expect(percentOf(1, 250)).toBe("0.4 %");
    expect(percentOf(0, 250)).toBe("0 %");
    expect(percentOf(0, 0)).toBe("0 %");
    expect(percentOf(5, 5)).toBe("100 %");
  });
});
