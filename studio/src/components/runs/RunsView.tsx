import {
  ArrowSync20Regular,
  DataBarVertical20Regular,
  Delete20Regular,
  Prohibited20Regular,
  TableSettings20Regular,
} from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState, type ReactNode } from "react";

import { cancelRun, deleteRun, isTerminal, runKeys } from "../../api/runs";
import type { Run } from "../../api/types";
import { counted } from "../../format/number";
import type { Command } from "../CommandBar";
import { ConfirmDialog } from "../ConfirmDialog";
import { useNotify } from "../notify";
import { Page } from "../Page";
import { useWorkspace } from "../WorkspaceContext";
import { ColumnChooser } from "./ColumnChooser";
import { useChosenColumns } from "./chosen_columns";
import { RunList, useRuns } from "./RunList";
import type { RunListState } from "./state";
import { byBeginning, useRunTree } from "./tree";

const MOST_COMPARED = 20;

interface Props {
  title: string;
  crumbs: ReactNode[];
  aside?: ReactNode;
  experiment?: string;
  state: RunListState;
  onState: (state: RunListState) => void;
  more?: Command[];
  /** Stands between the commands and the list. */
  children?: ReactNode;
}

/** The page of a list of runs: commands, filters, table, and the dialogs they open. */
export function RunsView({ title, crumbs, aside, experiment, state, onState, more = [], children }: Props) {
  const ws = useWorkspace();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [choosing, setChoosing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const without = useMemo(() => (experiment === undefined ? [] : ["experiment"]), [experiment]);
  const found = useRuns(state, experiment);
  const { chosen, choose, reset } = useChosenColumns(experiment, found.runs);
  const tree = useRunTree(ws, found.runs, byBeginning, !state.children);
  const runs = useMemo(() => tree.rows ?? [], [tree.rows]);
  const picked = runs.filter((run) => selected.has(run.id));
  const commands = useRunsCommands(picked, {
    refresh: found.refetch,
    edit: () => setChoosing(true),
    remove: () => setDeleting(true),
  });
  return (
    <Page title={title} crumbs={crumbs} aside={aside} commands={[...commands, ...more]}>
      {children}
      <RunList
        found={found}
        tree={tree}
        state={state}
        onState={onState}
        chosen={chosen}
        selected={selected}
        onSelect={setSelected}
      />
      <ColumnChooser
        open={choosing}
        runs={runs}
        chosen={chosen}
        without={without}
        onChoose={choose}
        onReset={reset}
        onClose={() => setChoosing(false)}
      />
      <DeleteRuns
        open={deleting}
        runs={picked}
        onDone={() => setSelected(new Set())}
        onClose={() => setDeleting(false)}
      />
    </Page>
  );
}

interface Acts {
  refresh: () => void;
  edit: () => void;
  remove: () => void;
}

function useRunsCommands(picked: Run[], acts: Acts): Command[] {
  const ws = useWorkspace();
  const navigate = useNavigate();
  const notify = useNotify();
  const client = useQueryClient();
  const active = picked.filter((run) => !isTerminal(run.status));

  const compare = () =>
    void navigate({ to: "/ws/$ws/compare", params: { ws }, search: { runs: picked.map((run) => run.id).join(",") } });
  const cancel = async () => {
    const results = await Promise.allSettled(active.map((run) => cancelRun(ws, run.id)));
    const refused = results.find((result) => result.status === "rejected");
    if (refused) notify.failed("Not every run could be canceled", refused.reason);
    else notify.done(`Asked ${counted(active.length, "run")} to stop`);
    await client.invalidateQueries({ queryKey: runKeys.lists(ws) });
  };
  const comparable = picked.length >= 2 && picked.length <= MOST_COMPARED;
  return [
    { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: acts.refresh },
    { id: "columns", label: "Edit columns", icon: <TableSettings20Regular />, onClick: acts.edit },
    {
      id: "compare",
      label: "Compare",
      icon: <DataBarVertical20Regular />,
      onClick: compare,
      disabled: !comparable,
      why: `Select 2 to ${MOST_COMPARED} runs to compare them`,
    },
    {
      id: "cancel",
      label: "Cancel",
      icon: <Prohibited20Regular />,
      onClick: () => void cancel(),
      disabled: active.length === 0,
      why: "Select a run that has not ended",
    },
    {
      id: "delete",
      label: "Delete",
      icon: <Delete20Regular />,
      onClick: acts.remove,
      disabled: picked.length === 0,
      why: "Select the runs to delete",
    },
  ];
}

interface DeleteProps {
  open: boolean;
  runs: Run[];
  onDone: () => void;
  onClose: () => void;
}

export function DeleteRuns({ open, runs, onDone, onClose }: DeleteProps) {
  const ws = useWorkspace();
  const client = useQueryClient();
  const notify = useNotify();
  const what = runs.length === 1 ? `the run ${runs[0]?.display_name ?? ""}` : counted(runs.length, "run");
  const remove = async () => {
    for (const run of runs) await deleteRun(ws, run.id);
    notify.done(`Deleted ${what}`);
    onDone();
    await client.invalidateQueries({ queryKey: runKeys.lists(ws) });
  };
  return (
    <ConfirmDialog open={open} title={`Delete ${what}?`} action="Delete" onConfirm={remove} onClose={onClose}>
      {runs.length === 1 ? "It disappears" : "They disappear"} from every list, with metrics, logs and outputs.
      Registered models stay. MLflow&apos;s restore_run takes a deleted run back.
    </ConfirmDialog>
  );
}
