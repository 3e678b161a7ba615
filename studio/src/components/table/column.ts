import {
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createSortedRowModel,
  rowSelectionFeature,
  rowSortingFeature,
  tableFeatures,
  type ColumnDef,
  type ReactTable,
} from "@tanstack/react-table";
import type { ReactNode } from "react";

/** One column of a `DataTable`. */
export interface Column<T> {
  id: string;
  header: string;
  /** What the cell shows. */
  cell: (row: T) => ReactNode;
  /** What the column sorts by in the browser; absent: it does not sort (unless the server does). */
  value?: (row: T) => string | number | null | undefined;
  /** The server knows an order by this column. */
  serverSort?: boolean;
  width: number;
  align?: "end";
  /** Where the cell stands in a card on narrow screens: its title, its corner, or a labelled line (the default). */
  card?: "title" | "corner" | "none";
}

export const features = tableFeatures({
  columnSizingFeature,
  columnResizingFeature,
  columnVisibilityFeature,
  rowSelectionFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});

export type Features = typeof features;
export type AnyRow = object;
export type StudioTable<T extends AnyRow> = ReactTable<Features, T>;

export const MIN_WIDTH = 72;

/** The column as TanStack Table takes it. The own one travels in `meta` to the parts that draw. */
export function columnDef<T extends AnyRow>(column: Column<T>, serverSorted: boolean): ColumnDef<Features, T> {
  const sortable = serverSorted ? column.serverSort === true : column.value !== undefined;
  return {
    id: column.id,
    header: column.header,
    accessorFn: (row: T) => column.value?.(row) ?? null,
    size: column.width,
    minSize: MIN_WIDTH,
    enableSorting: sortable,
    sortFn: (a, b) => compare(column.value?.(a.original), column.value?.(b.original)),
  };
}

type Value = string | number | null | undefined;

/** Numbers by size, texts as people sort them; what is absent stands first, so that "newest first" has it last. */
export function compare(a: Value, b: Value): number {
  if (a == null || b == null) return (a == null ? 0 : 1) - (b == null ? 0 : 1);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true, sensitivity: "base" });
}
