import {
  Archive20Regular,
  ArchiveArrowBack20Regular,
  ArrowSync20Regular,
  Delete20Regular,
  Edit20Regular,
} from "@fluentui/react-icons";
import { Badge, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { deleteExperiment, experimentKeys, experimentQuery, patchExperiment } from "../api/experiments";
import type { Command } from "../components/CommandBar";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { DescribeExperiment } from "../components/DescribeExperiment";
import { Markdown } from "../components/Markdown";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { RunsView } from "../components/runs/RunsView";
import { useRunsState } from "../components/runs/state";
import { ErrorState } from "../components/States";
import { noteOf } from "../format/note";

const route = getRouteApi("/ws/$ws/experiments/$name");

const LoggedModelList = lazy(() =>
  import("../components/lineage/LoggedModelList").then((m) => ({ default: m.LoggedModelList })),
);
const Permissions = lazy(() =>
  import("../components/permissions/Permissions").then((m) => ({ default: m.Permissions })),
);
const TraceList = lazy(() => import("../components/traces/TraceList").then((m) => ({ default: m.TraceList })));

const useStyles = makeStyles({
  note: {
    flexShrink: 0,
    maxHeight: "160px",
    overflowY: "auto",
    maxWidth: "960px",
    color: tokens.colorNeutralForeground2,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
});

const TABS = [
  ["runs", "Runs"],
  ["models", "Logged models"],
  ["traces", "Traces"],
  ["permissions", "Permissions"],
] as const;

/** One experiment: its runs, the models they logged, the traces made in it, and who may do what with it. */
export function ExperimentPage() {
  const { ws, name } = route.useParams();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const [state, onState] = useRunsState(route.useSearch(), navigate);
  const experiment = useQuery(experimentQuery(ws, name));
  const [deleting, setDeleting] = useState(false);
  const archived = experiment.data?.archived_at != null;
  const [describing, setDescribing] = useState(false);
  const commands = useExperimentCommands(ws, name, archived, {
    describe: () => setDescribing(true),
    remove: () => setDeleting(true),
  });
  const tab = TABS.find(([known]) => known === state.tab)?.[0] ?? "runs";
  const head = {
    title: name,
    crumbs: [<HomeCrumb key="home" />, <RoomCrumb key="room" room="experiments" />],
    aside: archived ? <Badge appearance="tint">Archived</Badge> : null,
  };
  const refresh: Command = {
    id: "refresh",
    label: "Refresh",
    icon: <ArrowSync20Regular />,
    onClick: () => void client.invalidateQueries({ type: "active" }),
  };
  const note = experiment.data ? noteOf(experiment.data) : "";
  const above = (
    <>
      <Note text={note} />
      <PageTabs
        tabs={TABS}
        selected={tab}
        onSelect={(next) => void navigate({ search: next === "runs" ? {} : { tab: next }, replace: true })}
      />
      {experiment.error ? <ErrorState error={experiment.error} what={`${name} could not be read.`} /> : null}
      {describing ? <DescribeExperiment ws={ws} name={name} note={note} onClose={() => setDescribing(false)} /> : null}
      <DeleteExperiment ws={ws} name={name} open={deleting} onClose={() => setDeleting(false)} />
    </>
  );
  if (tab === "runs") {
    return (
      <RunsView key={`${ws}/${name}`} {...head} experiment={name} state={state} onState={onState} more={commands}>
        {above}
      </RunsView>
    );
  }
  return (
    <Page {...head} commands={[refresh, ...commands]}>
      {above}
      <Suspense fallback={<LoadingPage />}>
        {tab === "models" ? <LoggedModelList ws={ws} experiment={name} /> : null}
        {tab === "traces" ? <TraceList key={name} ws={ws} experiment={name} /> : null}
        {tab === "permissions" ? <Permissions ws={ws} holder={{ kind: "experiment", name }} /> : null}
      </Suspense>
    </Page>
  );
}

function Note({ text }: { text: string }) {
  const styles = useStyles();
  if (!text) return null;
  return (
    <div className={styles.note} role="region" aria-label="Description" tabIndex={0}>
      <Markdown text={text} />
    </div>
  );
}

interface Acts {
  describe: () => void;
  remove: () => void;
}

function useExperimentCommands(ws: string, name: string, archived: boolean, acts: Acts): Command[] {
  const client = useQueryClient();
  const notify = useNotify();
  const archive = async () => {
    try {
      await patchExperiment(ws, name, { archived: !archived });
      notify.done(archived ? `Reactivated ${name}` : `Archived ${name}`);
    } catch (error) {
      notify.failed("The experiment was not changed", error);
    }
    await client.invalidateQueries({ queryKey: experimentKeys.all(ws) });
  };
  return [
    { id: "describe", label: "Edit description", icon: <Edit20Regular />, onClick: acts.describe },
    {
      id: "archive",
      label: archived ? "Reactivate" : "Archive experiment",
      icon: archived ? <ArchiveArrowBack20Regular /> : <Archive20Regular />,
      onClick: () => void archive(),
    },
    { id: "remove", label: "Delete experiment", icon: <Delete20Regular />, onClick: acts.remove },
  ];
}

interface DeleteProps {
  ws: string;
  name: string;
  open: boolean;
  onClose: () => void;
}

function DeleteExperiment({ ws, name, open, onClose }: DeleteProps) {
  const client = useQueryClient();
  const notify = useNotify();
  const navigate = route.useNavigate();
  const remove = async () => {
    await deleteExperiment(ws, name);
    notify.done(`Deleted ${name}`);
    await client.invalidateQueries({ queryKey: experimentKeys.all(ws) });
    await navigate({ to: "/ws/$ws/experiments", params: { ws } });
  };
  return (
    <ConfirmDialog
      open={open}
      title={`Delete the experiment ${name}?`}
      action="Delete"
      onConfirm={remove}
      onClose={onClose}
    >
      An experiment can be deleted when it has no runs left. To hide it with its runs, archive it.
    </ConfirmDialog>
  );
}
