import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useMemo, type ReactNode } from "react";

import { counted, metric } from "../../format/number";
import type { Column } from "./column";
import { DataTable } from "./DataTable";

const useStyles = makeStyles({
  box: { display: "flex", flexDirection: "column", rowGap: "4px", minHeight: 0, minWidth: 0, maxHeight: "420px" },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

type Row = Record<string, unknown>;

interface Numbered {
  index: number;
  row: Row;
}

interface Props {
  label: string;
  rows: readonly Row[];
  /** Widths are kept under this name. */
  storageKey: string;
  /** How a cell is shown in place of its plain text. */
  cell?: (value: unknown) => ReactNode;
}

/** Rows of whatever a user logged, a column for every name, each sortable. */
export function ObjectTable({ label, rows, storageKey, cell }: Props) {
  const styles = useStyles();
  const numbered = useMemo(() => rows.map((row, index) => ({ index, row })), [rows]);
  const columns = useMemo(() => columnsOf(rows, cell), [rows, cell]);
  return (
    <div className={styles.box}>
      <DataTable
        label={label}
        rows={numbered}
        columns={columns}
        rowId={(one) => String(one.index)}
        storageKey={`object.${storageKey}`}
        local
        empty={<Text className={styles.hint}>No rows.</Text>}
      />
      {rows.length > 0 ? <span className={styles.hint}>{counted(rows.length, "row")}</span> : null}
    </div>
  );
}

function columnsOf(rows: readonly Row[], cell: Props["cell"]): Column<Numbered>[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names
    .filter((name) => rows.some((row) => row[name] != null))
    .map((name, i) => {
      const numeric = rows.every((row) => row[name] == null || typeof row[name] === "number");
      return {
        id: name,
        header: name,
        cell: ({ row }) => cell?.(row[name]) ?? <Cell value={row[name]} />,
        value: ({ row }) => sortValue(row[name]),
        width: numeric ? 120 : 200,
        ...(numeric ? { align: "end" as const } : {}),
        ...(i === 0 ? { card: "title" as const } : {}),
      };
    });
}

function Cell({ value }: { value: unknown }) {
  const text = cellText(value);
  return typeof value === "number" ? <>{text}</> : <span title={text}>{text}</span>;
}

function sortValue(value: unknown): string | number | null {
  if (value == null) return null;
  return typeof value === "number" ? value : cellText(value);
}

function cellText(value: unknown): string {
  if (typeof value === "number") return metric(value);
  if (value == null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
