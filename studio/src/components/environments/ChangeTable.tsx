import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";

import type { Change } from "../../format/definition_changes";

const useStyles = makeStyles({
  box: { overflowX: "auto", ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` } },
  table: { borderCollapse: "collapse", width: "100%", minWidth: "360px", tableLayout: "fixed" },
  head: {
    padding: "0 12px 4px 0",
    textAlign: "left",
    fontWeight: tokens.fontWeightRegular,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
  cell: {
    padding: "6px 12px 6px 0",
    textAlign: "left",
    fontWeight: tokens.fontWeightRegular,
    verticalAlign: "top",
    overflowWrap: "anywhere",
    minWidth: "96px",
    borderTop: `1px solid ${tokens.colorNeutralStroke3}`,
  },
  gone: { color: tokens.colorStatusDangerForeground1 },
  come: { color: tokens.colorStatusSuccessForeground1 },
  none: { color: tokens.colorNeutralForeground3 },
});

interface Props {
  label: string;
  /** What the two sides are: "Version 1". */
  before: string;
  after: string;
  changes: readonly Change[];
  /** Said when nothing differs. */
  same: string;
}

/** What differs between two things, one line for each. */
export function ChangeTable({ label, before, after, changes, same }: Props) {
  const styles = useStyles();
  if (changes.length === 0) return <Text className={styles.none}>{same}</Text>;
  return (
    <div className={styles.box} tabIndex={0} role="region" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {["What", before, after].map((head) => (
              <th key={head} scope="col" className={styles.head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.what}>
              <th scope="row" className={styles.cell}>
                {change.what}
              </th>
              <Side value={change.before} otherwise="not there" className={styles.gone} />
              <Side value={change.after} otherwise="removed" className={styles.come} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Side({ value, otherwise, className }: { value: string | undefined; otherwise: string; className: string }) {
  const styles = useStyles();
  return (
    <td className={mergeClasses(styles.cell, value === undefined ? styles.none : className)}>{value ?? otherwise}</td>
  );
}
