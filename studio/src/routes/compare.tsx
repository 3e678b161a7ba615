import { makeStyles, Switch, Text, tokens } from "@fluentui/react-components";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { isTerminal, runQuery } from "../api/runs";
import type { Run } from "../api/types";
import { CompareChart } from "../components/compare/CompareChart";
import { DifferenceTable } from "../components/compare/DifferenceTable";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { ChartControls, useChartSettings } from "../components/metrics/ChartControls";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { EmptyState, ErrorState } from "../components/States";
import { DataBarVertical32Regular } from "@fluentui/react-icons";
import { counted } from "../format/number";

const route = getRouteApi("/ws/$ws/compare");

const useStyles = makeStyles({
  charts: { display: "grid", gap: "12px", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 420px), 1fr))" },
  section: { margin: "8px 0 0" },
  none: { color: tokens.colorNeutralForeground3 },
});

const LIVE_MS = 3000;

/** Several runs side by side: what differs, and their metrics on common axes. */
export function Compare() {
  const { ws } = route.useParams();
  const { runs } = route.useSearch();
  const ids = runs.split(",").filter(Boolean);
  const results = useQueries({
    queries: ids.map((id) => ({
      ...runQuery(ws, id),
      refetchInterval: (query: { state: { data: Run | undefined } }) =>
        query.state.data && isTerminal(query.state.data.status) ? false : LIVE_MS,
    })),
  });
  const error = results.find((result) => result.error)?.error;
  const loaded = results.flatMap((result) => (result.data ? [result.data] : []));
  const crumbs = [<HomeCrumb key="home" />, <RoomCrumb key="room" room="runs" />];
  return (
    <Page title={ids.length > 0 ? `Compare ${counted(ids.length, "run")}` : "Compare runs"} crumbs={crumbs} scrolling>
      {error ? <ErrorState error={error} what="A run could not be read." /> : null}
      {ids.length === 0 ? (
        <EmptyState
          icon={<DataBarVertical32Regular />}
          title="No runs chosen"
          hint="Select two or more runs in a list of runs, then choose Compare."
        />
      ) : null}
      {!error && loaded.length < ids.length ? <LoadingPage /> : null}
      {loaded.length > 0 ? <Comparison ws={ws} runs={loaded} /> : null}
    </Page>
  );
}

function Comparison({ ws, runs }: { ws: string; runs: Run[] }) {
  const styles = useStyles();
  const [settings, setSettings] = useChartSettings();
  const [search, setSearch] = useState("");
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))]
    .filter((name) => name.toLowerCase().includes(search.trim().toLowerCase()))
    .sort((a, b) => a.localeCompare(b));
  return (
    <>
      <Switch
        label="Only what differs"
        checked={onlyDifferent}
        onChange={(_, data) => setOnlyDifferent(data.checked)}
      />
      <DifferenceTable ws={ws} runs={runs} onlyDifferent={onlyDifferent} />
      <Text as="h2" size={400} weight="semibold" className={styles.section}>
        Metrics
      </Text>
      <ChartControls settings={settings} onSettings={setSettings} search={search} onSearch={setSearch} />
      {names.length === 0 ? <Text className={styles.none}>These runs have no metric of that name.</Text> : null}
      <div className={styles.charts}>
        {names.map((name) => (
          <CompareChart key={name} ws={ws} name={name} runs={runs} settings={settings} />
        ))}
      </div>
    </>
  );
}
