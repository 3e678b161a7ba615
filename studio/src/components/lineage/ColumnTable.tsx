import { makeStyles, tokens } from "@fluentui/react-components";

import type { ColumnSpec } from "../../format/model_schema";

const useStyles = makeStyles({
  box: {
    maxHeight: "360px",
    overflow: "auto",
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  table: { borderCollapse: "collapse", width: "100%", fontSize: tokens.fontSizeBase200 },
  cell: {
    padding: "5px 12px 5px 0",
    textAlign: "left",
    fontWeight: tokens.fontWeightRegular,
    borderTop: `1px solid ${tokens.colorNeutralStroke3}`,
    overflowWrap: "anywhere",
  },
  head: { color: tokens.colorNeutralForeground3 },
  type: { fontFamily: tokens.fontFamilyMonospace },
  optional: { color: tokens.colorNeutralForeground3 },
});

/** Columns of data with their types. */
export function ColumnTable({ label, columns }: { label: string; columns: ColumnSpec[] }) {
  const styles = useStyles();
  return (
    <div className={styles.box} tabIndex={0} role="region" aria-label={label}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col" className={`${styles.cell} ${styles.head}`}>
              Name
            </th>
            <th scope="col" className={`${styles.cell} ${styles.head}`}>
              Type
            </th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column, i) => (
            <tr key={i}>
              <th scope="row" className={styles.cell}>
                {column.name}
              </th>
              <td className={styles.cell}>
                <span className={styles.type}>{column.type}</span>
                {column.required ? null : <span className={styles.optional}> optional</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
