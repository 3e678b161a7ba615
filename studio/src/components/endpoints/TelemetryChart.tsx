import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useMemo, useState } from "react";

import type { ServiceMetrics } from "../../api/types";
import { reading, telemetryLines, type TelemetryChart as Chart } from "./telemetry";
import { exactTime } from "../../format/time";
import { lineColor } from "../metrics/colors";
import { Plot, type Cursor } from "../metrics/Plot";
import type { ChartSettings } from "../metrics/plot_data";
import { useTheme } from "../theme";

const useStyles = makeStyles({
  card: {
    display: "flex",
    flexDirection: "column",
    minWidth: 0,
    margin: 0,
    padding: "12px 8px 8px 12px",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
  },
  title: { margin: 0 },
  unit: { color: tokens.colorNeutralForeground3, fontWeight: tokens.fontWeightRegular },
  readout: {
    display: "flex",
    flexWrap: "wrap",
    columnGap: "16px",
    minHeight: "20px",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: "tabular-nums",
  },
  line: { display: "inline-flex", alignItems: "center", columnGap: "6px" },
  mark: { width: "10px", height: "3px", borderRadius: "2px" },
  value: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
  at: { marginLeft: "auto", paddingRight: "8px" },
});

const SETTINGS: ChartSettings = { x: "time", smoothing: 0, log: false };

/** One figure of an endpoint over time; under the cursor its values, else those of the newest stretch. */
export function TelemetryChart({ chart, found }: { chart: Chart; found: ServiceMetrics }) {
  const styles = useStyles();
  const { isDark } = useTheme();
  const lines = useMemo(() => telemetryLines(chart, found), [chart, found]);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const last = found.points[found.points.length - 1];
  const shown = chart.lines.map(({ label, read }, i) => ({
    label,
    value: cursor ? (cursor.values[i] ?? null) : last ? read(last) : null,
  }));
  const summary = shown.map(({ label, value }) => `${label} ${reading(value)}`).join(", ");
  return (
    <figure
      className={styles.card}
      aria-label={`${chart.title}, ${chart.unit}: ${summary}`}
      data-telemetry={chart.id}
      data-points={found.points.length}
    >
      <Text as="h3" weight="semibold" className={styles.title}>
        {chart.title} <span className={styles.unit}>{chart.unit}</span>
      </Text>
      <div className={styles.readout}>
        {shown.map(({ label, value }, i) => (
          <span key={label} className={styles.line}>
            <span className={styles.mark} style={{ background: lineColor(i, isDark) }} aria-hidden />
            {label} <span className={styles.value}>{reading(value)}</span>
          </span>
        ))}
        <span className={styles.at}>{cursor ? exactTime(cursor.x * 1000) : "latest"}</span>
      </div>
      <Plot lines={lines} settings={SETTINGS} height={200} fromZero onCursor={setCursor} />
    </figure>
  );
}
