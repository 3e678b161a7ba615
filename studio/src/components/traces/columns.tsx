import type { Trace } from "../../api/types";
import { duration } from "../../format/time";
import { AppLink } from "../AppLink";
import { RelativeTime } from "../RelativeTime";
import { TraceStatusBadge } from "../StatusBadge";
import type { Column } from "../table/column";
import { tagText } from "../TagEditor";
import { useWorkspace } from "../WorkspaceContext";

/** The columns of a list of traces; assessments have one only where some trace has any. */
export function traceColumns(traces: readonly Trace[]): Column<Trace>[] {
  const assessed = traces.some((trace) => trace.assessments.length > 0);
  return assessed ? [...COLUMNS.slice(0, -1), ASSESSMENTS, ...COLUMNS.slice(-1)] : COLUMNS;
}

const COLUMNS: Column<Trace>[] = [
  {
    id: "name",
    header: "Name",
    cell: (trace) => <TraceLink trace={trace} />,
    serverSort: true,
    width: 190,
    card: "title",
  },
  {
    id: "status",
    header: "Status",
    cell: (trace) => <TraceStatusBadge status={trace.status} />,
    serverSort: true,
    width: 116,
    card: "corner",
  },
  { id: "request", header: "Request", cell: (trace) => <Preview text={trace.request_preview} />, width: 300 },
  {
    id: "timestamp_ms",
    header: "Time",
    cell: (trace) => <RelativeTime at={trace.start_time} />,
    serverSort: true,
    width: 136,
  },
  {
    id: "execution_time_ms",
    header: "Duration",
    cell: (trace) => (trace.duration_ms == null ? "–" : duration(trace.duration_ms)),
    serverSort: true,
    width: 104,
    align: "end",
  },
  {
    id: "tags",
    header: "Tags",
    cell: (trace) => <Preview text={visibleTags(trace).join(", ")} />,
    width: 150,
  },
];

const ASSESSMENTS: Column<Trace> = {
  id: "assessments",
  header: "Assessments",
  cell: (trace) => <Preview text={assessmentText(trace)} />,
  width: 190,
};

function TraceLink({ trace }: { trace: Trace }) {
  const ws = useWorkspace();
  const name = trace.name ?? trace.id;
  return (
    <AppLink to="/ws/$ws/traces/$id" params={{ ws, id: trace.id }} cut title={name}>
      {name}
    </AppLink>
  );
}

function Preview({ text }: { text: string | null | undefined }) {
  return text ? <span title={text}>{text}</span> : <>–</>;
}

function visibleTags(trace: Trace): string[] {
  return Object.entries(trace.tags)
    .filter(([key]) => !key.startsWith("mlflow."))
    .map(([key, value]) => tagText(key, value));
}

function assessmentText(trace: Trace): string {
  return trace.assessments
    .filter(({ valid, kind }) => valid && kind === "feedback")
    .map(({ name, value }) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
