import { Branch24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { useRunListStream } from "../../api/live";
import { childRunsQuery } from "../../api/runs";
import type { Run } from "../../api/types";
import { CodeBlock } from "../CodeBlock";
import { EmptyState, ErrorState } from "../States";
import { DataTable } from "../table/DataTable";
import { runColumns } from "./columns";

const SNIPPET = `for lr in (0.1, 0.01):
    with run.child_run(name=f"lr-{lr}") as child:
        child.log("lr", lr)`;

const MOST_METRICS = 3;

/** The runs that a run started, with the first of their metrics. */
export function ChildRuns({ ws, run }: { ws: string; run: Run }) {
  useRunListStream(ws);
  const query = useQuery(childRunsQuery(ws, run.id));
  const columns = useMemo(() => {
    const names = new Set((query.data ?? []).flatMap((child) => Object.keys(child.metrics)));
    const metrics = [...names].slice(0, MOST_METRICS).map((name) => `metric:${name}`);
    return runColumns(["status", "start_time", "duration", ...metrics, "tags"]);
  }, [query.data]);
  if (query.error) {
    return (
      <ErrorState error={query.error} what="The child runs could not be listed." retry={() => void query.refetch()} />
    );
  }
  return (
    <DataTable
      label="Child runs"
      rows={query.data}
      columns={columns}
      rowId={(child) => child.id}
      storageKey="children"
      initialSort={{ id: "start_time", desc: true }}
      empty={
        <EmptyState icon={<Branch24Regular />} title="No child runs" hint="A run can start others that belong to it.">
          <CodeBlock snippets={[{ title: "Python", code: SNIPPET }]} />
        </EmptyState>
      }
    />
  );
}
