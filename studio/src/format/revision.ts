import type { Service } from "../api/types";

/** The revision that answers, and the newest one where that was taken back. */
export function revisionText({ revision, error }: Pick<Service, "revision" | "error">): string {
  const { reason, serving_revision: serving } = (error?.details ?? {}) as {
    reason?: string;
    serving_revision?: number;
  };
  if (reason !== "RolledBack" || serving === undefined || serving === revision) return String(revision);
  return `${serving} answers; ${revision} was rolled back`;
}
