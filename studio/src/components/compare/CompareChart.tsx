import { makeStyles, Skeleton, SkeletonItem, Text, tokens } from "@fluentui/react-components";
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";

import { chartQuery, type Series } from "../../api/metrics";
import { isTerminal } from "../../api/runs";
import type { Run } from "../../api/types";
import { markStyle } from "../metrics/colors";
import { Plot } from "../metrics/Plot";
import type { ChartSettings, Line } from "../metrics/plot_data";
import { useSeen } from "../metrics/seen";
import { ErrorState } from "../States";
import { useTheme } from "../theme";
import { Bars } from "./Bars";

const useStyles = makeStyles({
  card: {
    display: "flex",
    flexDirection: "column",
    rowGap: "4px",
    minWidth: 0,
    margin: 0,
    padding: "12px 8px 8px 12px",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
  },
  title: { margin: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  legend: {
    display: "flex",
    flexWrap: "wrap",
    columnGap: "12px",
    rowGap: "2px",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  entry: { display: "inline-flex", alignItems: "center", columnGap: "6px", minWidth: 0 },
  dot: { width: "8px", height: "8px", borderRadius: "50%", flexShrink: 0 },
});

interface Props {
  ws: string;
  name: string;
  runs: Run[];
  settings: ChartSettings;
}

const HEIGHT = 240;
const LIVE_MS = 3000;

/** One metric of several runs on common axes. */
export function CompareChart({ ws, name, runs, settings }: Props) {
  const styles = useStyles();
  const { isDark } = useTheme();
  const [box, seen] = useSeen();
  const having = runs.filter((run) => name in run.metrics);
  const results = useQueries({
    queries: having.map((run) => ({
      ...chartQuery(ws, run.id, name),
      enabled: seen,
      refetchInterval: isTerminal(run.status) ? (false as const) : LIVE_MS,
    })),
    combine: (all) => ({
      data: all.map((one) => one.data),
      error: all.find((one) => one.error)?.error ?? null,
    }),
  });
  const lines = useMemo(() => lineList(runs, having, results.data), [runs, having, results.data]);
  const complete = results.data.every((series) => series !== undefined) && seen;
  return (
    <figure ref={box} className={styles.card} aria-label={`${name} of ${having.length} runs`} data-metric={name}>
      <Text as="h3" weight="semibold" className={styles.title} title={name}>
        {name}
      </Text>
      {results.error ? <ErrorState error={results.error} what="This chart could not be read." /> : null}
      {complete ? (
        <Drawing lines={lines} settings={settings} />
      ) : (
        <Skeleton aria-label={`Loading ${name}`}>
          <SkeletonItem style={{ height: HEIGHT }} />
        </Skeleton>
      )}
      <figcaption className={styles.legend}>
        {runs.map((run, i) =>
          having.includes(run) ? (
            <span key={run.id} className={styles.entry}>
              <span className={styles.dot} style={markStyle(i, isDark)} aria-hidden />
              {run.display_name || run.id}
            </span>
          ) : null,
        )}
      </figcaption>
    </figure>
  );
}

/** Lines; or, where each run logged one value only, bars of their sizes. */
function Drawing({ lines, settings }: { lines: Line[]; settings: ChartSettings }) {
  const single = lines.every(({ points }) => points.values.length <= 1);
  return single ? <Bars lines={lines} height={HEIGHT} /> : <Plot lines={lines} settings={settings} height={HEIGHT} />;
}

const EMPTY = { steps: [], timestamps: [], values: [] };

/** A line for every run, so that a run has the same colour in every chart; one without the metric is empty. */
function lineList(runs: Run[], having: Run[], data: (Series | undefined)[]): Line[] {
  return runs.map((run) => ({
    label: run.display_name || run.id,
    points: data[having.indexOf(run)] ?? EMPTY,
  }));
}
