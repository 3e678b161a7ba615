import { makeStyles, tokens } from "@fluentui/react-components";

import { count } from "../../format/number";

const useStyles = makeStyles({
  scroll: { overflow: "auto", maxHeight: "420px" },
  table: { borderCollapse: "separate", borderSpacing: "2px", fontSize: tokens.fontSizeBase200, margin: "0 auto" },
  label: { padding: "4px 8px", fontWeight: tokens.fontWeightRegular, color: tokens.colorNeutralForeground2 },
  axis: { color: tokens.colorNeutralForeground3, fontWeight: tokens.fontWeightSemibold, padding: "2px 8px" },
  cell: {
    minWidth: "52px",
    height: "40px",
    textAlign: "center",
    borderRadius: tokens.borderRadiusSmall,
    fontVariantNumeric: "tabular-nums",
  },
});

export interface ConfusionDocument {
  data: { class_labels: string[]; matrix: number[][] };
}

export function isConfusionMatrix(document: unknown): document is ConfusionDocument {
  const data = (document as { data?: { class_labels?: unknown; matrix?: unknown } } | null)?.data;
  return Array.isArray(data?.class_labels) && Array.isArray(data.matrix);
}

/** Rows are the true classes, columns the predicted ones; the shade is the share of the row. */
export function ConfusionMatrix({ document }: { document: ConfusionDocument }) {
  const styles = useStyles();
  const { class_labels: labels, matrix } = document.data;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Confusion matrix">
      <table className={styles.table}>
        <thead>
          <tr>
            <td />
            <th className={styles.axis} colSpan={labels.length} scope="colgroup">
              Predicted
            </th>
          </tr>
          <tr>
            <th className={styles.axis}>True</th>
            {labels.map((label) => (
              <th key={label} className={styles.label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, i) => (
            <tr key={labels[i] ?? i}>
              <th className={styles.label} scope="row">
                {labels[i]}
              </th>
              {row.map((value, j) => (
                <Cell key={j} value={value} share={value / Math.max(1, sum(row))} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function Cell({ value, share }: { value: number; share: number }) {
  const styles = useStyles();
  // Above this share the shade is dark enough for white digits.
  const onDark = share > 0.45;
  return (
    <td
      className={styles.cell}
      title={`${(share * 100).toFixed(1)} % of the row`}
      style={{
        background: `color-mix(in srgb, #2943ca ${Math.round(6 + share * 94)}%, ${tokens.colorNeutralBackground1})`,
        color: onDark ? "#ffffff" : tokens.colorNeutralForeground1,
      }}
    >
      {count(value)}
    </td>
  );
}
