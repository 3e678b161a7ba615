import { RelativeTime } from "../RelativeTime";
import { tagText } from "../TagEditor";
import { bytes } from "../../format/number";
import type { Column } from "./column";

/** Columns that many tables have. */

/** A point in time, in milliseconds since the epoch. */
export function timeColumn<T>(
  id: string,
  header: string,
  at: (row: T) => number | null | undefined,
  never = "–",
): Column<T> {
  return {
    id,
    header,
    cell: (row) => {
      const time = at(row);
      return time == null ? never : <RelativeTime at={time} />;
    },
    value: at,
    width: 150,
  };
}

export function sizeColumn<T>(size: (row: T) => number | undefined): Column<T> {
  const cell = (row: T) => {
    const count = size(row);
    return count === undefined ? "–" : bytes(count);
  };
  return { id: "size", header: "Size", cell, value: size, width: 110, align: "end" };
}

export function tagsColumn<T extends { tags: Record<string, string> }>(width: number): Column<T> {
  return {
    id: "tags",
    header: "Tags",
    cell: (row) =>
      Object.entries(row.tags)
        .filter(([key]) => !key.startsWith("mlflow."))
        .map(([key, value]) => tagText(key, value))
        .join(", ") || "–",
    width,
  };
}
