import { makeStyles, tokens } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

import type { Points } from "../../api/metrics";
import { count, metric } from "../../format/number";
import { exactTime } from "../../format/time";

const useStyles = makeStyles({
  box: { overflow: "auto", ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` } },
  table: {
    width: "100%",
    borderCollapse: "collapse",
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: "tabular-nums",
  },
  head: {
    position: "sticky",
    top: 0,
    background: tokens.colorNeutralBackground1,
    textAlign: "left",
    padding: "4px 8px",
    fontWeight: tokens.fontWeightSemibold,
  },
  cell: {
    padding: "0 8px",
    height: "24px",
    borderTop: `1px solid ${tokens.colorNeutralStroke3}`,
    whiteSpace: "nowrap",
  },
});

/** The numbers of a chart, the newest first. */
export function PointsTable({ name, points, height }: { name: string; points: Points; height: number }) {
  const styles = useStyles();
  const box = useRef<HTMLDivElement>(null);
  const size = points.values.length;
  const rows = useVirtualizer({
    count: size,
    getScrollElement: () => box.current,
    estimateSize: () => 24,
    overscan: 10,
  });
  const items = rows.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = rows.getTotalSize() - (items[items.length - 1]?.end ?? 0);
  return (
    <div
      ref={box}
      className={styles.box}
      style={{ height }}
      tabIndex={0}
      role="region"
      aria-label={`Values of ${name}`}
    >
      <table className={styles.table}>
        <thead>
          <tr>
            <th className={styles.head}>Step</th>
            <th className={styles.head}>Value</th>
            <th className={styles.head}>Time</th>
          </tr>
        </thead>
        <tbody>
          {before > 0 ? <Space height={before} /> : null}
          {items.map((item) => {
            const i = size - 1 - item.index;
            return (
              <tr key={item.index}>
                <td className={styles.cell}>{count(points.steps[i] ?? 0)}</td>
                <td className={styles.cell}>{metric(points.values[i] ?? NaN)}</td>
                <td className={styles.cell}>{exactTime(points.timestamps[i] ?? 0)}</td>
              </tr>
            );
          })}
          {after > 0 ? <Space height={after} /> : null}
        </tbody>
      </table>
    </div>
  );
}

function Space({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={3} style={{ height, padding: 0 }} />
    </tr>
  );
}
