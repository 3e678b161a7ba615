import {
  ArrowDownload20Regular,
  ArrowSync20Regular,
  BoxArrowUp20Regular,
  Delete20Regular,
  Prohibited20Regular,
} from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { artifactsZipUrl } from "../api/artifacts";
import { useRunStream } from "../api/live";
import { cancelRun, isTerminal, runKeys, runQuery } from "../api/runs";
import type { Run } from "../api/types";
import type { Command } from "../components/CommandBar";
import { ExperimentCrumb, HomeCrumb, RoomCrumb } from "../components/crumbs";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { Overview } from "../components/runs/Overview";
import { DeleteRuns } from "../components/runs/RunsView";
import { ErrorState } from "../components/States";
import { RunStatusBadge } from "../components/StatusBadge";

const MetricsTab = lazy(() => import("../components/metrics/MetricsTab").then((m) => ({ default: m.MetricsTab })));
const MediaTab = lazy(() => import("../components/logged/MediaTab").then((m) => ({ default: m.MediaTab })));
const TraceList = lazy(() => import("../components/traces/TraceList").then((m) => ({ default: m.TraceList })));
const FilesTab = lazy(() => import("../components/files/FilesTab").then((m) => ({ default: m.FilesTab })));
const CodeTab = lazy(() => import("../components/runs/CodeTab").then((m) => ({ default: m.CodeTab })));
const ChildRuns = lazy(() => import("../components/runs/ChildRuns").then((m) => ({ default: m.ChildRuns })));
const EnvironmentTab = lazy(() =>
  import("../components/runs/EnvironmentTab").then((m) => ({ default: m.EnvironmentTab })),
);
const RegisterModel = lazy(() =>
  import("../components/runs/RegisterModel").then((m) => ({ default: m.RegisterModel })),
);

const route = getRouteApi("/ws/$ws/runs/$id");

const TABS = [
  ["overview", "Overview"],
  ["metrics", "Metrics"],
  ["media", "Images + tables"],
  ["traces", "Traces"],
  ["files", "Outputs + logs"],
  ["code", "Code"],
  ["environment", "Environment"],
  ["children", "Child runs"],
] as const;

type TabName = (typeof TABS)[number][0];

/** Tabs that scroll within themselves instead of with the page. */
const FIXED: ReadonlySet<string> = new Set<TabName>(["traces", "files", "code", "children"]);

export function RunPage() {
  const { ws, id } = route.useParams();
  useRunStream(ws, id);
  const query = useQuery(runQuery(ws, id));
  if (query.error && !query.data) {
    return (
      <Page title="Run" crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="runs" />]}>
        <ErrorState error={query.error} what={`The run ${id} could not be read.`} retry={() => void query.refetch()} />
      </Page>
    );
  }
  if (!query.data) return <LoadingPage />;
  return <LoadedRun ws={ws} run={query.data} />;
}

function LoadedRun({ ws, run }: { ws: string; run: Run }) {
  const { tab: wanted, path } = route.useSearch();
  const navigate = route.useNavigate();
  const [dialog, setDialog] = useState<"delete" | "register" | null>(null);
  const commands = useRunCommands(ws, run, setDialog);
  const tab = TABS.some(([name]) => name === wanted) ? (wanted as TabName) : "overview";
  const close = () => setDialog(null);
  return (
    <Page
      title={run.display_name || run.id}
      crumbs={[
        <HomeCrumb key="home" />,
        <RoomCrumb key="room" room="experiments" />,
        <ExperimentCrumb key="experiment" name={run.experiment_name} />,
      ]}
      aside={<RunStatusBadge status={run.status} />}
      commands={commands}
      scrolling={!FIXED.has(tab)}
    >
      <PageTabs
        tabs={TABS}
        selected={tab}
        onSelect={(next) => void navigate({ search: { tab: next }, replace: true })}
      />
      <Suspense fallback={<LoadingPage />}>
        {tab === "overview" ? <Overview ws={ws} run={run} /> : null}
        {tab === "metrics" ? <MetricsTab ws={ws} run={run} /> : null}
        {tab === "files" ? (
          <FilesTab
            ws={ws}
            run={run}
            path={path}
            onPath={(next) => void navigate({ search: { tab, ...(next ? { path: next } : {}) }, replace: true })}
          />
        ) : null}
        {tab === "media" ? <MediaTab ws={ws} run={run} /> : null}
        {tab === "traces" ? <TraceList ws={ws} run={run.id} /> : null}
        {tab === "code" ? <CodeTab ws={ws} run={run} /> : null}
        {tab === "environment" ? <EnvironmentTab ws={ws} run={run} /> : null}
        {tab === "children" ? <ChildRuns ws={ws} run={run} /> : null}
      </Suspense>
      <Suspense fallback={null}>
        {dialog === "register" ? <RegisterModel ws={ws} run={run} onClose={close} /> : null}
      </Suspense>
      <DeleteRuns
        open={dialog === "delete"}
        runs={[run]}
        onDone={() =>
          void navigate({ to: "/ws/$ws/experiments/$name", params: { ws, name: run.experiment_name }, search: {} })
        }
        onClose={close}
      />
    </Page>
  );
}

function useRunCommands(ws: string, run: Run, open: (dialog: "delete" | "register") => void): Command[] {
  const client = useQueryClient();
  const notify = useNotify();
  const ended = isTerminal(run.status);
  const cancel = () => {
    cancelRun(ws, run.id).then(
      (changed) => {
        client.setQueryData(runKeys.detail(ws, run.id), changed);
        notify.done("Asked the run to stop");
      },
      (error: unknown) => notify.failed("The run could not be canceled", error),
    );
  };
  const refresh = () => void client.invalidateQueries({ queryKey: runKeys.detail(ws, run.id) });
  return [
    { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: refresh },
    {
      id: "cancel",
      label: "Cancel",
      icon: <Prohibited20Regular />,
      onClick: cancel,
      disabled: ended || run.status === "CancelRequested",
      why: "The run has ended",
    },
    { id: "register", label: "Register model", icon: <BoxArrowUp20Regular />, onClick: () => open("register") },
    { id: "download", label: "Download all", icon: <ArrowDownload20Regular />, href: artifactsZipUrl(ws, run.id) },
    { id: "delete", label: "Delete", icon: <Delete20Regular />, onClick: () => open("delete") },
  ];
}
