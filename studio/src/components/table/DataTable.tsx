import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useTable } from "@tanstack/react-table";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import type { Sorting } from "../../format/filter";
import { useNarrow } from "../media";
import { useTablePlace } from "./place";
import { columnDef, features, type AnyRow, type Column } from "./column";
import { TableCards } from "./TableCards";
import { TableHead } from "./TableHead";
import { ROW_HEIGHT, TableRows } from "./TableRows";
import { TableSkeleton } from "./TableSkeleton";

const useStyles = makeStyles({
  scroller: {
    // As high as its rows need, at most as high as the page has room.
    flex: "0 1 auto",
    overflow: "auto",
    position: "relative",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  bare: { border: "none", background: "transparent" },
  table: { borderCollapse: "separate", borderSpacing: 0, tableLayout: "fixed", width: "100%" },
});

export interface DataTableProps<T extends AnyRow> {
  /** What the rows are, for assistive technology: "Runs". */
  label: string;
  rows: readonly T[] | undefined;
  columns: Column<T>[];
  rowId: (row: T) => string;
  /** Shown in place of the rows when there is none. */
  empty: ReactNode;
  /** Widths are kept under this name. */
  storageKey: string;
  initialSort?: Sorting;
  /** The page has other tables too: the address does not keep what this one is sorted by. */
  local?: boolean;
  /** With `onSort` the server sorts: `sort` is what it sorted by. */
  sort?: Sorting | undefined;
  onSort?: (sort: Sorting | undefined) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  /** Called when the last rows come into view. */
  onEnd?: () => void;
}

/** Rows with sorting, resizing and selection; virtual, so that thousands cost as much as a screenful. */
export function DataTable<T extends AnyRow>(props: DataTableProps<T>) {
  const styles = useStyles();
  const narrow = useNarrow();
  const scroller = useRef<HTMLDivElement>(null);
  const table = useStudioTable(props);
  const loaded = props.rows !== undefined;
  if (loaded && props.rows?.length === 0) return <>{props.empty}</>;

  const frame = mergeClasses(styles.scroller, narrow && styles.bare);
  // Two rows stay in sight however little room there is; a single row needs no empty space below it.
  const minHeight = HEAD_HEIGHT + ROW_HEIGHT * Math.min(2, props.rows?.length ?? 2) + 2;
  if (narrow) {
    return (
      <div ref={scroller} className={frame} style={{ minHeight }}>
        {loaded ? <TableCards table={table} scroller={scroller} {...props} /> : <TableSkeleton cards />}
      </div>
    );
  }
  const total = table.getTotalSize() + (props.onSelect ? 40 : 0);
  return (
    <div ref={scroller} className={frame} style={{ minHeight }}>
      <table className={styles.table} style={{ minWidth: total }} aria-label={props.label} aria-busy={!loaded}>
        <TableHead table={table} columns={props.columns} selectable={props.onSelect !== undefined} />
        {loaded ? (
          <TableRows table={table} scroller={scroller} {...props} />
        ) : (
          <TableSkeleton columns={props.columns.length + (props.onSelect ? 1 : 0)} />
        )}
      </table>
    </div>
  );
}

const HEAD_HEIGHT = 42;
const NONE: readonly never[] = [];

function useStudioTable<T extends AnyRow>(props: DataTableProps<T>) {
  const serverSorted = props.onSort !== undefined;
  const defs = useMemo(
    () => props.columns.map((column) => columnDef(column, serverSorted)),
    [props.columns, serverSorted],
  );
  const [sizing, setSizing] = useSizing(props.storageKey);
  const [sorting, onSort] = useSorting(props);
  const selection = useMemo(
    () => Object.fromEntries([...(props.selected ?? [])].map((id) => [id, true as const])),
    [props.selected],
  );
  return useTable({
    features,
    columns: defs,
    data: props.rows ?? (NONE as readonly T[]),
    getRowId: props.rowId,
    columnResizeMode: "onChange",
    manualSorting: serverSorted,
    enableSortingRemoval: false,
    state: { columnSizing: sizing, sorting, rowSelection: selection },
    onColumnSizingChange: setSizing,
    onSortingChange: (change) => {
      const next = typeof change === "function" ? change(sorting) : change;
      onSort(next[0]);
    },
    onRowSelectionChange: (change) => {
      const next = typeof change === "function" ? change(selection) : change;
      props.onSelect?.(new Set(Object.keys(next).filter((id) => next[id])));
    },
  });
}

/** What the rows are sorted by: as the server did, or as was chosen here or in the address. */
function useSorting<T extends AnyRow>({ columns, initialSort, local, sort, onSort }: DataTableProps<T>) {
  const place = useTablePlace();
  const [own, setOwn] = useState(initialSort);
  // Another table may have stood at this address.
  const kept = columns.some(({ id }) => id === place.sort?.id) ? place.sort : initialSort;
  const { id, desc } = (onSort ? sort : local ? own : kept) ?? {};
  const sorting = useMemo(() => (id === undefined ? [] : [{ id, desc: desc ?? false }]), [id, desc]);
  return [sorting, onSort ?? (local ? setOwn : place.onSort)] as const;
}

type Sizes = Record<string, number>;

function useSizing(storageKey: string) {
  const key = `zaffre.widths.${storageKey}`;
  const [sizing, setSizing] = useState<Sizes>(() => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "{}") as Sizes;
    } catch {
      return {};
    }
  });
  useEffect(() => {
    if (Object.keys(sizing).length > 0) localStorage.setItem(key, JSON.stringify(sizing));
  }, [key, sizing]);
  return [sizing, setSizing] as const;
}
