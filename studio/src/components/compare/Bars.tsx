import { makeStyles, tokens } from "@fluentui/react-components";

import { metric } from "../../format/number";
import { markStyle } from "../metrics/colors";
import type { Line } from "../metrics/plot_data";
import { useTheme } from "../theme";

const useStyles = makeStyles({
  list: {
    listStyle: "none",
    margin: 0,
    padding: "12px 8px 12px 0",
    display: "flex",
    flexDirection: "column",
    justifyContent: "center",
    rowGap: "12px",
    overflowY: "auto",
  },
  row: { display: "grid", gridTemplateColumns: "minmax(0, 1fr) 96px", columnGap: "12px", alignItems: "center" },
  track: { height: "16px", borderRadius: tokens.borderRadiusMedium, background: tokens.colorNeutralBackground3 },
  bar: { height: "100%", minWidth: "2px", borderRadius: tokens.borderRadiusMedium },
  value: { fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" },
});

/** One value of each run as a bar; bars begin at zero. */
export function Bars({ lines, height }: { lines: Line[]; height: number }) {
  const styles = useStyles();
  const { isDark } = useTheme();
  const values = lines.map(({ points }) => points.values[0]);
  const most = Math.max(
    ...values.map((value) => (value !== undefined && Number.isFinite(value) ? Math.abs(value) : 0)),
  );
  return (
    <ul className={styles.list} style={{ height }}>
      {lines.map((line, i) => {
        const value = values[i];
        if (value === undefined) return null;
        const share = most > 0 && Number.isFinite(value) ? (Math.abs(value) / most) * 100 : 0;
        return (
          <li key={line.label} className={styles.row} aria-label={`${line.label}: ${metric(value)}`}>
            <span className={styles.track}>
              <span className={styles.bar} style={{ display: "block", width: `${share}%`, ...markStyle(i, isDark) }} />
            </span>
            <span className={styles.value}>{metric(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}
