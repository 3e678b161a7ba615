import { makeStyles, tokens } from "@fluentui/react-components";
import { ArrowSync20Regular, Delete20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { deleteTrace, patchTrace, traceKeys, traceQuery, type TraceChange } from "../api/traces";
import type { Trace, TraceAnswer } from "../api/types";
import { AppLink } from "../components/AppLink";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { CopyText } from "../components/CopyButton";
import { ExperimentCrumb, HomeCrumb, RoomCrumb } from "../components/crumbs";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { RelativeTime } from "../components/RelativeTime";
import { ErrorState } from "../components/States";
import { TraceStatusBadge } from "../components/StatusBadge";
import { TagEditor } from "../components/TagEditor";
import { TraceView } from "../components/traces/TraceView";
import { traceFacts } from "../format/trace";
import { duration } from "../format/time";

const route = getRouteApi("/ws/$ws/traces/$id");

const useStyles = makeStyles({
  facts: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    columnGap: "20px",
    rowGap: "4px",
    flexShrink: 0,
    margin: 0,
    color: tokens.colorNeutralForeground2,
  },
  fact: { display: "inline-flex", alignItems: "center", columnGap: "6px", minWidth: 0, maxWidth: "100%" },
  name: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  tags: { display: "flex", flexDirection: "column", rowGap: "8px", flexShrink: 0 },
});

const LIVE_MS = 3000;

/** One trace: its spans as a tree beside a timeline, and what went through the chosen one. */
export function TracePage() {
  const { ws, id } = route.useParams();
  const query = useQuery({
    ...traceQuery(ws, id),
    refetchInterval: ({ state }) => (state.data?.trace.status === "IN_PROGRESS" ? LIVE_MS : false),
  });
  if (query.data) return <LoadedTrace ws={ws} answer={query.data} />;
  if (!query.error) return <LoadingPage />;
  return (
    <Page title="Trace" crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="experiments" />]}>
      <ErrorState error={query.error} what={`The trace ${id} could not be read.`} retry={() => void query.refetch()} />
    </Page>
  );
}

function LoadedTrace({ ws, answer }: { ws: string; answer: TraceAnswer }) {
  const styles = useStyles();
  const { trace, spans } = answer;
  const { span } = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const notify = useNotify();
  const [deleting, setDeleting] = useState(false);
  const change = async (given: TraceChange) => {
    await patchTrace(ws, trace.id, given);
    await client.invalidateQueries({ queryKey: traceKeys.all(ws) });
  };
  const remove = async () => {
    await deleteTrace(ws, trace.id);
    notify.done("Deleted the trace");
    await navigate({
      to: "/ws/$ws/experiments/$name",
      params: { ws, name: trace.experiment_name },
      search: { tab: "traces" },
    });
    await client.invalidateQueries({ queryKey: traceKeys.all(ws) });
  };
  const refresh = () => void client.invalidateQueries({ queryKey: traceKeys.detail(ws, trace.id) });
  return (
    <Page
      title={trace.name ?? trace.id}
      over="Trace"
      crumbs={[
        <HomeCrumb key="home" />,
        <RoomCrumb key="room" room="experiments" />,
        <ExperimentCrumb key="experiment" name={trace.experiment_name} />,
      ]}
      aside={<TraceStatusBadge status={trace.status} />}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: refresh },
        { id: "delete", label: "Delete", icon: <Delete20Regular />, onClick: () => setDeleting(true) },
      ]}
    >
      <TraceFacts ws={ws} trace={trace} />
      <div className={styles.tags}>
        <TagEditor tags={trace.tags} onChange={change} />
      </div>
      <TraceView
        trace={trace}
        spans={spans}
        chosen={span}
        onChoose={(next) => void navigate({ search: next ? { span: next } : {}, replace: true })}
      />
      <ConfirmDialog
        open={deleting}
        title={`Delete the trace ${trace.name ?? trace.id}?`}
        action="Delete"
        onConfirm={remove}
        onClose={() => setDeleting(false)}
      >
        Its spans and assessments are deleted with it. This cannot be undone.
      </ConfirmDialog>
    </Page>
  );
}

function TraceFacts({ ws, trace }: { ws: string; trace: Trace }) {
  const styles = useStyles();
  const facts: [string, React.ReactNode][] = [
    ["Time", <RelativeTime key="time" at={trace.start_time} />],
    ...(trace.duration_ms == null ? [] : ([["Duration", duration(trace.duration_ms)]] as [string, string][])),
    ...traceFacts(trace.metadata),
    ...trace.run_ids.map(
      (run) =>
        [
          "Run",
          <AppLink key={run} to="/ws/$ws/runs/$id" params={{ ws, id: run }} search={{ tab: "traces" }}>
            {run.slice(0, 8)}
          </AppLink>,
        ] as [string, React.ReactNode],
    ),
    ["Trace ID", <CopyText key="id" text={trace.id} what="the trace ID" />],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value], i) => (
        <div key={i} className={styles.fact}>
          <dt className={styles.name}>{name}</dt>
          <dd className={styles.value}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
