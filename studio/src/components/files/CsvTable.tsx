import { makeStyles, tokens } from "@fluentui/react-components";
import { useMemo } from "react";

import { parseDelimited } from "../../format/csv";

/** Of longer files the beginning is shown. */
const ROWS = 500;

const useStyles = makeStyles({
  table: { borderCollapse: "separate", borderSpacing: 0, fontSize: tokens.fontSizeBase200 },
  head: {
    position: "sticky",
    top: 0,
    textAlign: "left",
    padding: "6px 12px",
    background: tokens.colorNeutralBackground3,
    whiteSpace: "nowrap",
  },
  cell: {
    padding: "4px 12px",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    whiteSpace: "nowrap",
    maxWidth: "360px",
    overflow: "hidden",
    textOverflow: "ellipsis",
    fontVariantNumeric: "tabular-nums",
  },
  note: { padding: "8px 12px", color: tokens.colorNeutralForeground3 },
});

/** A file of separated values as a table; its first line is the head. */
export function CsvTable({ text, separator }: { text: string; separator: string }) {
  const styles = useStyles();
  const rows = useMemo(() => parseDelimited(text, separator, ROWS + 1), [text, separator]);
  const [head = [], ...body] = rows;
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            {head.map((name, i) => (
              <th key={i} className={styles.head} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, i) => (
            <tr key={i}>
              {row.map((value, j) => (
                <td key={j} className={styles.cell} title={value}>
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {body.length >= ROWS ? <div className={styles.note}>The first {ROWS} rows.</div> : null}
    </>
  );
}
