import { Checkbox, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { Row } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, type RefObject } from "react";

import type { AnyRow, Column, Features, StudioTable } from "./column";

export const ROW_HEIGHT = 44;

const useStyles = makeStyles({
  row: {
    height: `${ROW_HEIGHT}px`,
    ":hover": { background: tokens.colorNeutralBackground1Hover },
  },
  chosen: { background: tokens.colorNeutralBackground1Selected },
  cell: {
    padding: "0 12px",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    fontSize: tokens.fontSizeBase300,
    color: tokens.colorNeutralForeground1,
  },
  end: { textAlign: "right", fontVariantNumeric: "tabular-nums" },
  select: { padding: "0 0 0 4px", overflow: "visible" },
  space: { padding: 0, border: "none" },
});

interface Props<T extends AnyRow> {
  table: StudioTable<T>;
  columns: Column<T>[];
  scroller: RefObject<HTMLDivElement | null>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  onEnd?: () => void;
}

export function useRowWindow(
  count: number,
  size: number,
  scroller: RefObject<HTMLDivElement | null>,
  onEnd?: () => void,
) {
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 12,
    initialRect: { width: 1000, height: 900 },
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (count > 0 && last >= count - 1) onEnd?.();
  }, [last, count, onEnd]);
  const first = items[0];
  const final = items[items.length - 1];
  return {
    virtual,
    items,
    before: first?.start ?? 0,
    after: final ? virtual.getTotalSize() - final.end : 0,
  };
}

export function TableRows<T extends AnyRow>({ table, columns, scroller, onSelect, onEnd }: Props<T>) {
  const styles = useStyles();
  const { rows } = table.getRowModel();
  const { items, before, after } = useRowWindow(rows.length, ROW_HEIGHT, scroller, onEnd);
  const width = columns.length + (onSelect ? 1 : 0);
  return (
    <tbody>
      {before > 0 ? (
        <tr aria-hidden>
          <td className={styles.space} colSpan={width} style={{ height: before }} />
        </tr>
      ) : null}
      {items.map((item) => {
        const row = rows[item.index];
        return row ? (
          <BodyRow
            key={row.id}
            row={row}
            columns={columns}
            selectable={onSelect !== undefined}
            selected={row.getIsSelected()}
          />
        ) : null;
      })}
      {after > 0 ? (
        <tr aria-hidden>
          <td className={styles.space} colSpan={width} style={{ height: after }} />
        </tr>
      ) : null}
    </tbody>
  );
}

interface RowProps<T extends AnyRow> {
  row: Row<Features, T>;
  columns: Column<T>[];
  selectable: boolean;
  selected: boolean;
}

function BodyRow<T extends AnyRow>({ row, columns, selectable, selected }: RowProps<T>) {
  const styles = useStyles();
  return (
    <tr
      className={mergeClasses(styles.row, selected && styles.chosen)}
      aria-selected={selectable ? selected : undefined}
    >
      {selectable ? (
        <td className={mergeClasses(styles.cell, styles.select)}>
          <Checkbox aria-label={`Select ${row.id}`} checked={selected} onChange={row.getToggleSelectedHandler()} />
        </td>
      ) : null}
      {columns.map((column) => (
        <td key={column.id} className={mergeClasses(styles.cell, column.align === "end" && styles.end)}>
          {column.cell(row.original)}
        </td>
      ))}
    </tr>
  );
}
