import { makeStyles, tokens } from "@fluentui/react-components";

import { timedSteps } from "../../format/steps";
import { duration } from "../../format/time";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "8px" },
  step: { display: "grid", gridTemplateColumns: "minmax(0, 1fr) auto", columnGap: "12px", rowGap: "2px" },
  time: { color: tokens.colorNeutralForeground2, fontVariantNumeric: "tabular-nums" },
  track: {
    gridColumn: "1 / -1",
    height: "4px",
    borderRadius: "2px",
    background: tokens.colorNeutralBackground4,
    overflow: "hidden",
  },
  part: { height: "100%", background: tokens.colorCompoundBrandBackground, minWidth: "2px" },
});

/** Where the time of a build went: its steps, each as a share of the longest. `split` is in seconds. */
export function TimeSplit({ split }: { split: Record<string, number> }) {
  const styles = useStyles();
  return (
    <ol className={styles.list} aria-label="Where the time went">
      {timedSteps(split).map((step) => (
        <li key={step.name} className={styles.step}>
          <span>{step.name}</span>
          <span className={styles.time}>{duration(step.took)}</span>
          <div className={styles.track} aria-hidden>
            <div className={styles.part} style={{ width: `${step.share * 100}%` }} />
          </div>
        </li>
      ))}
    </ol>
  );
}
