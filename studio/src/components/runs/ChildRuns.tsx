import { Branch24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import { useRunListStream } from "../../api/live";
import { childRunsQuery } from "../../api/runs";
import type { Run } from "../../api/types";
import type { Sorting } from "../../format/filter";
import { CodeBlock, type Snippet } from "../CodeBlock";
import { EmptyState, ErrorState } from "../States";
import { compare, type Column } from "../table/column";
import { DataTable } from "../table/DataTable";
import { useTablePlace } from "../table/place";
import { runColumns } from "./columns";
import { RunTreeContext, useRunTree } from "./tree";

const SNIPPETS: [Snippet, ...Snippet[]] = [
  {
    title: "Azure ML",
    code: `for lr in (0.1, 0.01):
    with run.child_run(name=f"lr-{lr}") as child:
        child.log("lr", lr)`,
  },
  {
    title: "MLflow",
    code: `with mlflow.start_run(run_name="sweep"):
    for lr in (0.1, 0.01):
        with mlflow.start_run(run_name=f"lr-{lr}", nested=True):
            mlflow.log_param("lr", lr)`,
  },
];

const NEWEST_FIRST: Sorting = { id: "start_time", desc: true };
const MOST_METRICS = 3;

/** The runs that a run started, and below them those that they started, with the first of their metrics. */
export function ChildRuns({ ws, run }: { ws: string; run: Run }) {
  useRunListStream(ws);
  const query = useQuery(childRunsQuery(ws, run.id));
  const place = useTablePlace();
  const sort = place.sort ?? NEWEST_FIRST;
  const columns = useMemo(() => childColumns(query.data ?? []), [query.data]);
  const order = useOrder(columns, sort);
  const children = useMemo(() => query.data && [...query.data].sort(order), [query.data, order]);
  const tree = useRunTree(ws, children, order);
  if (query.error) {
    return (
      <ErrorState error={query.error} what="The child runs could not be listed." retry={() => void query.refetch()} />
    );
  }
  return (
    <RunTreeContext.Provider value={tree}>
      <DataTable
        label="Child runs"
        rows={tree.rows}
        columns={columns}
        rowId={(child) => child.id}
        storageKey="children"
        sort={sort}
        onSort={place.onSort}
        empty={
          <EmptyState icon={<Branch24Regular />} title="No child runs" hint="A run can start others that belong to it.">
            <CodeBlock snippets={SNIPPETS} />
          </EmptyState>
        }
      />
    </RunTreeContext.Provider>
  );
}

/** All rows are at hand: every column that has values sorts. */
function childColumns(children: readonly Run[]): Column<Run>[] {
  const names = new Set(children.flatMap((child) => Object.keys(child.metrics)));
  const metrics = [...names].slice(0, MOST_METRICS).map((name) => `metric:${name}`);
  const chosen = runColumns(["status", "start_time", "duration", ...metrics, "tags"]);
  return chosen.map((column) => ({ ...column, serverSort: column.value !== undefined }));
}

/** Brothers and sisters are sorted among themselves; their children stay with them. */
function useOrder(columns: Column<Run>[], sort: Sorting) {
  const value = columns.find((column) => column.id === sort.id)?.value;
  const direction = sort.desc ? -1 : 1;
  return useCallback((a: Run, b: Run) => direction * compare(value?.(a), value?.(b)), [value, direction]);
}
