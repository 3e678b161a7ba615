import { Flowchart24Regular } from "@fluentui/react-icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { tracesQuery } from "../../api/traces";
import { isTraceFilter, likeText, type Sorting } from "../../format/filter";
import { trackingUri } from "../../format/snippets";
import { CodeBlock } from "../CodeBlock";
import { EmptyState } from "../States";
import { PagedTable } from "../table/PagedTable";
import { useTablePlace } from "../table/place";
import { useWorkspace } from "../WorkspaceContext";
import { traceColumns } from "./columns";

interface Props {
  ws: string;
  /** The traces of an experiment, or of one run. */
  experiment?: string;
  run?: string;
}

const NEWEST_FIRST: Sorting = { id: "timestamp_ms", desc: true };
const LIVE_MS = 10_000;

/** Traces, searched and sorted by the server, read page by page while one scrolls. */
export function TraceList({ ws, experiment, run }: Props) {
  const place = useTablePlace();
  const search = place.text;
  const sort = place.sort ?? NEWEST_FIRST;
  const query = useInfiniteQuery({
    ...tracesQuery(ws, {
      experiment,
      run,
      filter: traceFilter(search),
      order: `${sort.id} ${sort.desc ? "DESC" : "ASC"}`,
    }),
    placeholderData: (before) => before,
    refetchInterval: LIVE_MS,
  });
  const traces = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  const columns = useMemo(() => traceColumns(traces ?? []), [traces]);
  return (
    <PagedTable
      label="Traces"
      one="trace"
      query={query}
      rows={traces}
      columns={columns}
      rowId={(trace) => trace.id}
      storageKey="traces"
      search={search}
      onSearch={place.onSearch}
      placeholder="Search requests and answers, or filter: status = 'ERROR'"
      sort={sort}
      onSort={place.onSort}
      empty={<NoTraces filtered={search !== ""} experiment={experiment} />}
    />
  );
}

/** Words are looked for in everything that the trace's spans hold. */
function traceFilter(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  return isTraceFilter(trimmed) ? trimmed : `text ILIKE ${likeText(trimmed)}`;
}

function NoTraces({ filtered, experiment }: { filtered: boolean; experiment: string | undefined }) {
  const ws = useWorkspace();
  const icon = <Flowchart24Regular />;
  if (filtered) return <EmptyState icon={icon} title="No trace matches" hint="Change or clear the search." />;
  const snippet = `import mlflow

mlflow.set_tracking_uri("${trackingUri(ws, window.location.origin)}")
mlflow.set_experiment("${experiment ?? "first"}")

@mlflow.trace
def answer(question):
    with mlflow.start_span("retrieve") as span:
        span.set_inputs({"question": question})
    return "..."

answer("What is zaffre?")`;
  return (
    <EmptyState icon={icon} title="No traces" hint="What a program traces with MLflow appears here, step by step.">
      <CodeBlock snippets={[{ title: "MLflow", code: snippet }]} />
    </EmptyState>
  );
}
