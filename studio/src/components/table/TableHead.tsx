import { Checkbox, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { ArrowDown16Regular, ArrowUp16Regular } from "@fluentui/react-icons";
import type { Header } from "@tanstack/react-table";
import { useRef, type KeyboardEvent, type MouseEvent, type TouchEvent } from "react";

import { MIN_WIDTH, type AnyRow, type Column, type Features, type StudioTable } from "./column";

const useStyles = makeStyles({
  head: { position: "sticky", top: 0, zIndex: 2 },
  cell: {
    position: "relative",
    height: "40px",
    padding: "0 12px",
    textAlign: "left",
    background: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
    fontSize: tokens.fontSizeBase300,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    whiteSpace: "nowrap",
  },
  end: { textAlign: "right" },
  select: { width: "40px", padding: "0 0 0 4px" },
  sort: {
    display: "inline-flex",
    alignItems: "center",
    columnGap: "4px",
    maxWidth: "100%",
    padding: "4px",
    margin: "0 -4px",
    border: "none",
    background: "transparent",
    font: "inherit",
    color: "inherit",
    cursor: "pointer",
    borderRadius: tokens.borderRadiusMedium,
    ":hover": { color: tokens.colorBrandForeground1 },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  text: { overflow: "hidden", textOverflow: "ellipsis" },
  resizer: {
    position: "absolute",
    top: 0,
    right: 0,
    width: "9px",
    height: "100%",
    padding: 0,
    cursor: "col-resize",
    touchAction: "none",
    userSelect: "none",
    "::after": {
      content: '""',
      position: "absolute",
      top: "25%",
      bottom: "25%",
      right: "0",
      width: "1px",
      background: tokens.colorNeutralStroke1,
    },
    ":hover::after": { background: tokens.colorBrandStroke1, width: "3px", top: 0, bottom: 0 },
    ":focus-visible": { outline: "none" },
    ":focus-visible::after": { background: tokens.colorStrokeFocus2, width: "3px", top: 0, bottom: 0 },
  },
});

interface Props<T extends AnyRow> {
  table: StudioTable<T>;
  columns: Column<T>[];
  selectable: boolean;
}

export function TableHead<T extends AnyRow>({ table, columns, selectable }: Props<T>) {
  const styles = useStyles();
  const row = useRef<HTMLTableRowElement>(null);
  const headers = table.getHeaderGroups()[0]?.headers ?? [];

  /** Widths follow the page until the first is changed by hand; from then on all stand as they are. */
  const settle = () => {
    const cells = [...(row.current?.cells ?? [])].slice(selectable ? 1 : 0);
    table.setColumnSizing(
      Object.fromEntries(headers.map((header, i) => [header.id, cells[i]?.offsetWidth ?? header.getSize()])),
    );
  };

  return (
    <thead className={styles.head}>
      <tr ref={row}>
        {selectable ? (
          <th scope="col" className={mergeClasses(styles.cell, styles.select)}>
            <Checkbox
              aria-label="Select all loaded rows"
              checked={table.getIsAllRowsSelected() ? true : table.getIsSomeRowsSelected() ? "mixed" : false}
              onChange={table.getToggleAllRowsSelectedHandler()}
            />
          </th>
        ) : null}
        {headers.map((header, i) => (
          <HeadCell key={header.id} header={header} column={columns[i]} settle={settle} />
        ))}
      </tr>
    </thead>
  );
}

interface CellProps<T extends AnyRow> {
  header: Header<Features, T>;
  column: Column<T> | undefined;
  settle: () => void;
}

function HeadCell<T extends AnyRow>({ header, column, settle }: CellProps<T>) {
  const styles = useStyles();
  const sorted = header.column.getIsSorted();
  const title = column?.header ?? header.id;
  return (
    <th
      scope="col"
      className={mergeClasses(styles.cell, column?.align === "end" && styles.end)}
      style={{ width: header.getSize() }}
      aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
    >
      {header.column.getCanSort() ? (
        <button type="button" className={styles.sort} onClick={header.column.getToggleSortingHandler()} title={title}>
          <span className={styles.text}>{title}</span>
          {sorted === "asc" ? <ArrowUp16Regular aria-hidden /> : null}
          {sorted === "desc" ? <ArrowDown16Regular aria-hidden /> : null}
        </button>
      ) : (
        <span className={styles.text} title={title}>
          {title}
        </span>
      )}
      <Resizer header={header} title={title} settle={settle} />
    </th>
  );
}

interface ResizerProps<T extends AnyRow> {
  header: Header<Features, T>;
  title: string;
  settle: () => void;
}

function Resizer<T extends AnyRow>({ header, title, settle }: ResizerProps<T>) {
  const styles = useStyles();
  const start = (event: MouseEvent | TouchEvent) => {
    settle();
    header.getResizeHandler()(event);
  };
  const nudge = (event: KeyboardEvent) => {
    const by = event.key === "ArrowLeft" ? -16 : event.key === "ArrowRight" ? 16 : 0;
    if (by === 0) return;
    event.preventDefault();
    settle();
    header.column.table.setColumnSizing((sizes) => ({
      ...sizes,
      [header.id]: Math.max(MIN_WIDTH, (sizes[header.id] ?? header.getSize()) + by),
    }));
  };
  return (
    // A separator that can be moved is a control: arrow keys change the width.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${title}`}
      aria-valuenow={Math.round(header.getSize())}
      aria-valuemin={MIN_WIDTH}
      tabIndex={0}
      className={styles.resizer}
      onMouseDown={start}
      onTouchStart={start}
      onKeyDown={nudge}
    />
  );
}
