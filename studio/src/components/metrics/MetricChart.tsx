import {
  Button,
  makeStyles,
  Skeleton,
  SkeletonItem,
  Text,
  tokens,
  Tooltip,
  useRestoreFocusTarget,
} from "@fluentui/react-components";
import { Dismiss16Regular, FullScreenMaximize16Regular, Table16Regular, ZoomOut16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { useStreamState } from "../../api/live";
import { chartPartQuery, chartQuery, refined, type Series } from "../../api/metrics";
import { count, counted, metric } from "../../format/number";
import { duration, exactTime } from "../../format/time";
import { unitOf } from "../../format/unit";
import { ErrorState } from "../States";
import { Plot, type Cursor } from "./Plot";
import { stepsWithin, type ChartSettings } from "./plot_data";
import { PointsTable } from "./PointsTable";
import { useSeen } from "./seen";

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
  head: { display: "flex", alignItems: "center", columnGap: "4px", minHeight: "28px" },
  title: {
    margin: 0,
    flex: "1 1 auto",
    minWidth: 0,
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
  },
  readout: {
    display: "flex",
    justifyContent: "space-between",
    columnGap: "8px",
    minHeight: "20px",
    paddingRight: "8px",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: "tabular-nums",
    whiteSpace: "nowrap",
    overflow: "hidden",
  },
  value: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
  hint: { overflow: "hidden", textOverflow: "ellipsis" },
});

interface Props {
  ws: string;
  run: string;
  name: string;
  /** Points the server keeps. */
  total: number;
  settings: ChartSettings;
  height?: number;
  onExpand?: () => void;
  onClose?: () => void;
}

/** One metric of a run, live. It is read from the server when it first comes into view. */
export function MetricChart(props: Props) {
  const { ws, run, name, height = 220 } = props;
  const styles = useStyles();
  const [box, visible] = useSeen();
  // The stream brings what is logged after it was opened: so it comes first.
  const ready = useStreamState() !== "connecting";
  const query = useQuery({ ...chartQuery(ws, run, name), enabled: visible && ready });
  const series = query.data;
  const last = series ? series.values.length - 1 : -1;
  return (
    <figure
      ref={box}
      className={styles.card}
      aria-label={series ? summary(name, series) : name}
      data-metric={name}
      data-points={series?.values.length ?? 0}
      data-last-step={series?.steps[last]}
      data-last-value={series?.values[last]}
    >
      {series ? (
        <LoadedChart {...props} series={series} height={height} />
      ) : (
        <>
          <ChartTitle name={name} />
          {query.error ? (
            <ErrorState error={query.error} what="This chart could not be read." retry={() => void query.refetch()} />
          ) : (
            <Skeleton aria-label={`Loading ${name}`}>
              <SkeletonItem style={{ height: height + 20 }} />
            </Skeleton>
          )}
        </>
      )}
    </figure>
  );
}

function summary(name: string, series: Series): string {
  const last = series.values.length - 1;
  const value = series.values[last];
  if (value === undefined) return `${name}: no points`;
  return `${name}: ${counted(series.values.length, "point")}, latest ${metric(value)} at step ${series.steps[last] ?? 0}`;
}

function ChartTitle({ name }: { name: string }) {
  const styles = useStyles();
  return (
    <Text as="h3" weight="semibold" className={styles.title} title={name}>
      {name}
    </Text>
  );
}

function LoadedChart(props: Props & { series: Series }) {
  const { name, total, settings, height = 220, onExpand, onClose } = props;
  const styles = useStyles();
  const [table, setTable] = useState(false);
  const [series, onStretch, zoomed] = useRefined(props);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [generation, setGeneration] = useState(0);
  const lines = useMemo(() => [{ label: name, points: series }], [name, series]);
  return (
    <>
      <div className={styles.head}>
        <ChartTitle name={name} />
        {zoomed && !table ? (
          <ToolButton
            label="Show the whole chart"
            icon={<ZoomOut16Regular />}
            onClick={() => setGeneration(generation + 1)}
          />
        ) : null}
        <ToolButton
          label={table ? "Show the chart" : "Show the values"}
          icon={<Table16Regular />}
          pressed={table}
          onClick={() => setTable(!table)}
        />
        {onExpand ? <ToolButton label="Full screen" icon={<FullScreenMaximize16Regular />} onClick={onExpand} /> : null}
        {onClose ? <ToolButton label="Close" icon={<Dismiss16Regular />} onClick={onClose} /> : null}
      </div>
      <Readout name={name} series={series} total={total} settings={settings} cursor={cursor} />
      {table ? (
        <PointsTable name={name} points={series} height={height} />
      ) : (
        <Plot
          key={generation}
          lines={lines}
          settings={settings}
          height={height}
          onCursor={setCursor}
          onZoom={onStretch}
        />
      )}
    </>
  );
}

type Stretch = { min: number; max: number } | null;

function same(a: Stretch, b: Stretch): boolean {
  return a?.min === b?.min && a?.max === b?.max;
}

/** The series; and while a stretch of a thinned one is shown, that stretch as fine as the server has it. */
function useRefined({ ws, run, name, settings, series }: Props & { series: Series }) {
  const [stretch, setStretch] = useState<Stretch>(null);
  const range = useMemo(
    () => (stretch && !series.exact ? stepsWithin(series, settings.x, stretch.min, stretch.max) : null),
    [stretch, series, settings.x],
  );
  const part = useQuery(chartPartQuery(ws, run, name, range)).data;
  const shown = useMemo(() => (range && part ? refined(series, part, range) : series), [range, part, series]);
  // The chart tells of the same stretch again whenever it is drawn anew.
  const onStretch = (next: Stretch) => setStretch((before) => (same(before, next) ? before : next));
  return [shown, onStretch, stretch !== null] as const;
}

interface ToolProps {
  label: string;
  icon: React.ReactElement;
  onClick: () => void;
  pressed?: boolean;
}

function ToolButton({ label, icon, onClick, pressed }: ToolProps) {
  const returning = useRestoreFocusTarget();
  return (
    <Tooltip content={label} relationship="label">
      <Button {...returning} size="small" appearance="subtle" icon={icon} onClick={onClick} aria-pressed={pressed} />
    </Tooltip>
  );
}

interface ReadoutProps {
  name: string;
  series: Series;
  total: number;
  settings: ChartSettings;
  cursor: Cursor | null;
}

/** The value under the cursor, else the latest; and whether the chart shows every point. */
function Readout({ name, series, total, settings, cursor }: ReadoutProps) {
  const styles = useStyles();
  const last = series.values.length - 1;
  const shown = cursor?.values[0] ?? series.values[last];
  const where = cursor ? xText(cursor.x, settings) : `step ${count(series.steps[last] ?? 0)}`;
  // What was sent twice is counted twice in the total, and drawn once.
  const all = series.exact ? series.values.length : Math.max(total, series.values.length);
  const exactness = series.exact ? `Exact · ${counted(all, "point")}` : `Min–max of ${counted(all, "point")}`;
  const explained = series.exact
    ? "Every logged point is drawn."
    : "Too many points to draw each: of every stretch its smallest and greatest value is drawn, so no peak is lost.";
  return (
    <div className={styles.readout}>
      <span>
        {shown == null ? null : (
          <span className={styles.value}>{[metric(shown), unitOf(name)].filter(Boolean).join(" ")}</span>
        )}{" "}
        {shown == null ? "" : where}
      </span>
      <Tooltip content={explained} relationship="description">
        <span className={styles.hint}>{exactness}</span>
      </Tooltip>
    </div>
  );
}

function xText(x: number, settings: ChartSettings): string {
  if (settings.x === "step") return `step ${count(x)}`;
  return settings.x === "time" ? exactTime(x * 1000) : `after ${duration(x * 1000)}`;
}
