import { Dialog, DialogSurface, makeStyles, Text, tokens } from "@fluentui/react-components";
import { ChartMultiple32Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";

import { metricsQuery } from "../../api/metrics";
import { isTerminal } from "../../api/runs";
import { fromWire, type Run, type SeriesAnswer } from "../../api/types";
import { metricGroups } from "../../format/metric_groups";
import { counted, metric } from "../../format/number";
import { CodeBlock } from "../CodeBlock";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { ChartControls, useChartSettings } from "./ChartControls";
import { MetricChart } from "./MetricChart";
import { RecordCards } from "./RecordCards";

const useStyles = makeStyles({
  tab: { display: "flex", flexDirection: "column", rowGap: "16px", minWidth: 0 },
  group: { display: "flex", flexDirection: "column", rowGap: "8px", minWidth: 0 },
  groupTitle: { margin: 0 },
  charts: { display: "grid", gap: "12px", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 420px), 1fr))" },
  tiles: { display: "grid", gap: "12px", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 160px), 1fr))" },
  tile: {
    display: "flex",
    flexDirection: "column",
    rowGap: "2px",
    minWidth: 0,
    padding: "12px",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
  },
  tileName: {
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
  tileValue: { fontVariantNumeric: "tabular-nums" },
  none: { color: tokens.colorNeutralForeground3 },
  full: { maxWidth: "min(1400px, 96vw)", width: "96vw", padding: 0, border: "none" },
});

const SNIPPET = `run.log("loss", 0.42)              # a point; log it again for a line
run.log_list("errors", [1, 2, 3])
run.log_row("lr by epoch", epoch=1, lr=0.1)
run.log_image("confusion", plot=plt)`;

const REFRESH_MS = 3000;

/** Everything a run logged: single numbers, charts, tables, images. */
export function MetricsTab({ ws, run }: { ws: string; run: Run }) {
  const styles = useStyles();
  const query = useQuery({
    ...metricsQuery(ws, run.id),
    // The stream brings points; names, tables and images that are new are found by asking.
    refetchInterval: isTerminal(run.status) ? false : REFRESH_MS,
  });
  const [settings, setSettings] = useChartSettings();
  const [search, setSearch] = useState("");
  const [full, setFull] = useState<string | null>(null);
  const parts = useMemo(() => arranged(query.data?.series ?? [], search), [query.data, search]);
  if (query.error) {
    return <ErrorState error={query.error} what="The metrics could not be read." retry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingPage />;
  const { series, records } = query.data;
  if (series.length === 0 && records.length === 0) return <NoMetrics run={run} />;
  const totals = new Map(series.map(({ name, total }) => [name, total]));
  return (
    <div className={styles.tab}>
      <ChartControls settings={settings} onSettings={setSettings} search={search} onSearch={setSearch} />
      <Tiles series={parts.single} />
      {parts.groups.map(([title, names]) => (
        <Group key={title} title={title} charts={names.length}>
          {names.map((name) => (
            <MetricChart
              key={name}
              ws={ws}
              run={run.id}
              name={name}
              total={totals.get(name) ?? 0}
              settings={settings}
              onExpand={() => setFull(name)}
            />
          ))}
        </Group>
      ))}
      <RecordCards ws={ws} run={run.id} records={records} search={search} />
      <Dialog open={full !== null} onOpenChange={(_, data) => (data.open ? undefined : setFull(null))}>
        <DialogSurface className={styles.full} aria-label={full ?? "Chart"}>
          {full !== null ? (
            <MetricChart
              ws={ws}
              run={run.id}
              name={full}
              total={totals.get(full) ?? 0}
              settings={settings}
              height={Math.max(240, window.innerHeight - 220)}
              onClose={() => setFull(null)}
            />
          ) : null}
        </DialogSurface>
      </Dialog>
    </div>
  );
}

/** Charts whose names begin alike, below their common title. */
function Group({ title, charts, children }: { title: string; charts: number; children: ReactNode }) {
  const styles = useStyles();
  return (
    <section className={styles.group} aria-label={title || "Metrics"}>
      {title ? (
        <Text as="h2" size={400} weight="semibold" className={styles.groupTitle}>
          {title} <span className={styles.none}>{counted(charts, "chart")}</span>
        </Text>
      ) : null}
      <div className={styles.charts}>{children}</div>
    </section>
  );
}

function Tiles({ series }: { series: readonly SeriesAnswer[] }) {
  const styles = useStyles();
  if (series.length === 0) return null;
  return (
    <div className={styles.tiles}>
      {series.map((one) => (
        <Tile key={one.name} series={one} />
      ))}
    </div>
  );
}

function Tile({ series }: { series: SeriesAnswer }) {
  const styles = useStyles();
  const value = fromWire(series.values[series.values.length - 1] ?? "NaN");
  return (
    <div className={styles.tile} data-metric={series.name} data-points={1} data-last-value={value}>
      <span className={styles.tileName} title={series.name}>
        {series.name}
      </span>
      <Text size={600} weight="semibold" className={styles.tileValue}>
        {metric(value)}
      </Text>
    </div>
  );
}

function NoMetrics({ run }: { run: Run }) {
  const open = !isTerminal(run.status);
  return (
    <EmptyState
      icon={<ChartMultiple32Regular />}
      title="No metrics"
      hint={open ? "What the run logs appears here within a second." : "This run ended without logging a metric."}
    >
      <CodeBlock snippets={[{ title: "Python", code: SNIPPET }]} />
    </EmptyState>
  );
}

/** Single numbers apart from charts; the charts in groups. */
function arranged(series: readonly SeriesAnswer[], search: string) {
  const wanted = series.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
  const charts = wanted.filter(({ total }) => total > 1).map(({ name }) => name);
  return { single: wanted.filter(({ total }) => total <= 1), groups: metricGroups(charts) };
}
