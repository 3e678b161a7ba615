import { makeStyles, tokens } from "@fluentui/react-components";
import { Flowchart24Regular } from "@fluentui/react-icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { ApiError } from "../../api/client";
import { tracesQuery } from "../../api/traces";
import type { Trace } from "../../api/types";
import { isTraceFilter, likeText, type Sorting } from "../../format/filter";
import { counted } from "../../format/number";
import { trackingUri } from "../../format/snippets";
import { CodeBlock } from "../CodeBlock";
import { SearchBox } from "../SearchBox";
import { EmptyState, ErrorState } from "../States";
import { DataTable } from "../table/DataTable";
import { useWorkspace } from "../WorkspaceContext";
import { traceColumns } from "./columns";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: "8px", alignItems: "flex-start", flexShrink: 0 },
  search: { flex: "1 1 320px", maxWidth: "640px" },
  count: {
    marginLeft: "auto",
    alignSelf: "center",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "nowrap",
  },
});

interface Props {
  ws: string;
  /** The traces of an experiment, or of one run. */
  experiment?: string;
  run?: string;
}

const LIVE_MS = 10_000;

/** Traces, searched and sorted by the server, read page by page while one scrolls. */
export function TraceList({ ws, experiment, run }: Props) {
  const styles = useStyles();
  const [search, setSearch] = useState("");
  const [sort, setSort] = useState<Sorting>({ id: "timestamp_ms", desc: true });
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
  const { hasNextPage, isFetchingNextPage, fetchNextPage, error } = query;
  const traces = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  const columns = useMemo(() => traceColumns(traces ?? []), [traces]);
  const refused = error instanceof ApiError && error.status === 400;
  return (
    <>
      <div className={styles.filters}>
        <SearchBox
          className={styles.search}
          label="Search traces"
          placeholder="Search requests and answers, or filter: status = 'ERROR'"
          value={search}
          onSearch={setSearch}
          error={refused ? error.message : undefined}
        />
        {traces ? (
          <span className={styles.count}>{counted(traces.length, "trace") + (hasNextPage ? " loaded" : "")}</span>
        ) : null}
      </div>
      {error && !refused ? (
        <ErrorState error={error} what="The traces could not be listed." retry={() => void query.refetch()} />
      ) : null}
      {error && !traces ? null : (
        <DataTable
          label="Traces"
          rows={traces}
          columns={columns}
          rowId={trace_id}
          storageKey="traces"
          sort={sort}
          onSort={(next) => setSort(next ?? sort)}
          onEnd={() => {
            if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
          }}
          empty={<NoTraces filtered={search !== ""} experiment={experiment} />}
        />
      )}
    </>
  );
}

const trace_id = (trace: Trace) => trace.id;

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
