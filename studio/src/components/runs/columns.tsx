import { makeStyles, tokens } from "@fluentui/react-components";

import type { Run } from "../../api/types";
import { metric } from "../../format/number";
import { AppLink } from "../AppLink";
import { Duration, RelativeTime } from "../RelativeTime";
import { RunStatusBadge } from "../StatusBadge";
import type { Column } from "../table/column";
import { tagText } from "../TagEditor";
import { useWorkspace } from "../WorkspaceContext";
import { RunName } from "./RunName";

const useStyles = makeStyles({
  muted: { color: tokens.colorNeutralForeground3 },
});

export function ExperimentLink({ name }: { name: string }) {
  const ws = useWorkspace();
  return (
    <AppLink to="/ws/$ws/experiments/$name" params={{ ws, name }} cut title={name}>
      {name}
    </AppLink>
  );
}

function Nothing() {
  return <span className={useStyles().muted}>–</span>;
}

const NAME: Column<Run> = {
  id: "run_name",
  header: "Name",
  cell: (run) => <RunName run={run} />,
  value: (run) => run.display_name,
  serverSort: true,
  width: 240,
  card: "title",
};
const STATUS: Column<Run> = {
  id: "status",
  header: "Status",
  cell: (run) => <RunStatusBadge status={run.status} />,
  value: (run) => run.status,
  serverSort: true,
  width: 148,
  card: "corner",
};
const EXPERIMENT: Column<Run> = {
  id: "experiment",
  header: "Experiment",
  cell: (run) => <ExperimentLink name={run.experiment_name} />,
  value: (run) => run.experiment_name,
  width: 180,
};
const CREATED: Column<Run> = {
  id: "start_time",
  header: "Started",
  cell: (run) => <RelativeTime at={run.start_time ?? run.created_at} />,
  value: (run) => run.start_time ?? run.created_at,
  serverSort: true,
  width: 150,
};
const DURATION: Column<Run> = {
  id: "duration",
  header: "Duration",
  cell: (run) => <Duration from={run.start_time} to={run.end_time} />,
  value: (run) => (run.start_time && run.end_time ? run.end_time - run.start_time : null),
  width: 120,
};
const TARGET: Column<Run> = {
  id: "target",
  header: "Compute",
  cell: (run) => run.target ?? <Nothing />,
  value: (run) => run.target,
  width: 120,
};
const TAGS: Column<Run> = {
  id: "tags",
  header: "Tags",
  cell: (run) => {
    const shown = Object.entries(run.tags).filter(([key]) => !key.startsWith("mlflow."));
    return shown.length > 0 ? shown.map(([key, value]) => tagText(key, value)).join(", ") : <Nothing />;
  },
  width: 180,
};
const NUMBER: Column<Run> = {
  id: "number",
  header: "Number",
  cell: (run) => run.number,
  value: (run) => run.number,
  width: 96,
  align: "end",
};
const CREATED_BY: Column<Run> = {
  id: "user_id",
  header: "Created by",
  cell: (run) => run.created_by || <Nothing />,
  value: (run) => run.created_by,
  serverSort: true,
  width: 140,
};

const ALL = [NAME, STATUS, EXPERIMENT, CREATED, DURATION, TARGET, NUMBER, CREATED_BY, TAGS];

/** The columns that every run can show, by id; "metric:<name>" and "param:<name>" come beside them. */
export const RUN_COLUMNS: readonly { id: string; header: string }[] = ALL;

export const DEFAULT_COLUMNS: readonly string[] = ["status", "experiment", "start_time", "duration", "target"];

export function runColumn(id: string): Column<Run> | undefined {
  const fixed = ALL.find((column) => column.id === id);
  if (fixed) return fixed;
  const [kind, ...rest] = id.split(":");
  const name = rest.join(":");
  if (kind === "metric") return metricColumn(name);
  if (kind === "param") return paramColumn(name);
  return undefined;
}

function metricColumn(name: string): Column<Run> {
  return {
    id: `metric:${name}`,
    header: name,
    cell: (run) => {
      const value = run.metrics[name];
      return value === undefined ? <Nothing /> : metric(value);
    },
    value: (run) => run.metrics[name],
    serverSort: true,
    width: 130,
    align: "end",
  };
}

function paramColumn(name: string): Column<Run> {
  return {
    id: `param:${name}`,
    header: name,
    cell: (run) => run.params[name] ?? <Nothing />,
    value: (run) => run.params[name],
    serverSort: true,
    width: 130,
  };
}

/** The name always comes first, then the chosen columns in their order. */
export function runColumns(chosen: readonly string[]): Column<Run>[] {
  const columns = chosen.filter((id) => id !== NAME.id).map(runColumn);
  return [NAME, ...columns.filter((column) => column !== undefined)];
}
