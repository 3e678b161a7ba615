import { Checkbox, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { Row } from "@tanstack/react-table";
import type { ReactNode, RefObject } from "react";

import type { AnyRow, Column, Features, StudioTable } from "./column";
import { useRowWindow } from "./TableRows";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0 },
  item: { paddingBottom: "8px" },
  card: {
    display: "flex",
    flexDirection: "column",
    rowGap: "8px",
    padding: "12px",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
  },
  chosen: { border: `1px solid ${tokens.colorBrandStroke1}`, background: tokens.colorNeutralBackground1Selected },
  top: { display: "flex", alignItems: "center", columnGap: "8px", minWidth: 0 },
  title: {
    flex: "1 1 auto",
    minWidth: 0,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    fontWeight: tokens.fontWeightSemibold,
  },
  check: { margin: "-8px 0 -8px -8px" },
  corner: { flexShrink: 0 },
  facts: {
    display: "grid",
    gridTemplateColumns: "minmax(96px, auto) minmax(0, 1fr)",
    columnGap: "12px",
    rowGap: "4px",
    margin: 0,
    fontSize: tokens.fontSizeBase200,
  },
  name: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
});

interface Props<T extends AnyRow> {
  label: string;
  table: StudioTable<T>;
  columns: Column<T>[];
  scroller: RefObject<HTMLDivElement | null>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  onEnd?: () => void;
}

/** The rows of a table as cards, for screens too narrow for columns. */
export function TableCards<T extends AnyRow>({ label, table, columns, scroller, onSelect, onEnd }: Props<T>) {
  const styles = useStyles();
  const { rows } = table.getRowModel();
  const { virtual, items, before, after } = useRowWindow(rows.length, 140, scroller, onEnd);
  return (
    <ul className={styles.list} aria-label={label} style={{ paddingTop: before, paddingBottom: after }}>
      {items.map((item) => {
        const row = rows[item.index];
        return row ? (
          <li key={row.id} ref={virtual.measureElement} data-index={item.index} className={styles.item}>
            <Card row={row} columns={columns} selectable={onSelect !== undefined} selected={row.getIsSelected()} />
          </li>
        ) : null;
      })}
    </ul>
  );
}

/** What a table shows in an empty cell; a card leaves the line out. */
const NOTHING = "–";

interface CardProps<T extends AnyRow> {
  row: Row<Features, T>;
  columns: Column<T>[];
  selectable: boolean;
  selected: boolean;
}

function Card<T extends AnyRow>({ row, columns, selectable, selected }: CardProps<T>) {
  const styles = useStyles();
  const title = columns.find((column) => column.card === "title");
  const corner = columns.find((column) => column.card === "corner");
  const facts = columns.filter((column) => column.card === undefined);
  return (
    <div className={mergeClasses(styles.card, selected && styles.chosen)}>
      <div className={styles.top}>
        {selectable ? (
          <Checkbox
            className={styles.check}
            aria-label={`Select ${row.id}`}
            checked={selected}
            onChange={row.getToggleSelectedHandler()}
          />
        ) : null}
        <div className={styles.title}>{title?.cell(row.original)}</div>
        {corner ? <div className={styles.corner}>{corner.cell(row.original)}</div> : null}
      </div>
      <dl className={styles.facts}>
        {facts.map((column) => {
          const value = column.cell(row.original);
          return value === NOTHING ? null : <CardFact key={column.id} name={column.header} value={value} />;
        })}
      </dl>
    </div>
  );
}

function CardFact({ name, value }: { name: string; value: ReactNode }) {
  const styles = useStyles();
  return (
    <>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.value}>{value}</dd>
    </>
  );
}
