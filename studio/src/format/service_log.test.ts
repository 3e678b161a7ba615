import { expect, it } from "vitest";

import { buildLines } from "./service_log";

const LOG = `2026-11-21 16:58:35 [zaffre] Deploying revision 1 of the service a.
2026-11-21 16:58:35 [zaffre] Built environment abc.
2026-11-21 16:58:37,336 INFO zaffre.serving: ready
2026-11-21 16:59:00 [zaffre] Deploying revision 2 of the service a.
hello from the script
2026-11-21 16:59:01 [zaffre] Reusing environment abc.
`;

it("buildLines are what the supervisor said of the newest revision", () => {
  expect(buildLines(LOG)).toBe(
    "2026-11-21 16:59:00 [zaffre] Deploying revision 2 of the service a.\n" +
      "2026-11-21 16:59:01 [zaffre] Reusing environment abc.",
  );
  expect(buildLines("")).toBe("");
  expect(buildLines("2026-11-21 16:59:01 [zaffre] Reusing.\nx")).toBe("2026-11-21 16:59:01 [zaffre] Reusing.");
});
