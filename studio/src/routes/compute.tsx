import { Badge, Button, makeStyles, tokens, Tooltip } from "@fluentui/react-components";
import { ArrowSync20Regular, Delete16Regular, Server24Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { computeKeys, computesQuery, deleteCompute } from "../api/computes";
import type { ComputeTarget } from "../api/types";
import { CodeBlock } from "../components/CodeBlock";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { HomeCrumb } from "../components/crumbs";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import type { Column } from "../components/table/column";
import { timeColumn } from "../components/table/cells";
import { QueryTable } from "../components/table/QueryTable";
import { createCompute } from "../format/snippets";

const route = getRouteApi("/ws/$ws/compute");

const useStyles = makeStyles({
  nodes: { display: "flex", alignItems: "center", columnGap: "8px" },
  track: {
    width: "72px",
    height: "6px",
    borderRadius: "3px",
    background: tokens.colorNeutralBackground5,
    overflow: "hidden",
  },
  used: { height: "100%", background: tokens.colorCompoundBrandBackground },
});

function Nodes({ compute }: { compute: ComputeTarget }) {
  const styles = useStyles();
  const share = compute.max_nodes > 0 ? (compute.running_nodes / compute.max_nodes) * 100 : 0;
  return (
    <span className={styles.nodes}>
      <span className={styles.track} aria-hidden>
        <span className={styles.used} style={{ display: "block", width: `${share}%` }} />
      </span>
      {compute.running_nodes} of {compute.max_nodes} busy
    </span>
  );
}

function columns(remove: (compute: ComputeTarget) => void): Column<ComputeTarget>[] {
  return [
    { id: "name", header: "Name", cell: (c) => c.name, value: (c) => c.name, width: 200, card: "title" },
    {
      id: "state",
      header: "State",
      cell: (c) => (
        <Badge appearance="tint" color={c.provisioning_state === "Succeeded" ? "success" : "warning"}>
          {c.provisioning_state}
        </Badge>
      ),
      value: (c) => c.provisioning_state,
      width: 120,
      card: "corner",
    },
    { id: "type", header: "Type", cell: (c) => c.type, value: (c) => c.type, width: 130 },
    { id: "nodes", header: "Nodes", cell: (c) => <Nodes compute={c} />, value: (c) => c.running_nodes, width: 200 },
    { id: "size", header: "Size", cell: (c) => c.vm_size, value: (c) => c.vm_size, width: 140 },
    timeColumn("created", "Created", (c) => c.created_at),
    {
      id: "acts",
      header: "Actions",
      cell: (c) => (
        <Tooltip content={`Delete ${c.name}`} relationship="label">
          <Button size="small" appearance="subtle" icon={<Delete16Regular />} onClick={() => remove(c)} />
        </Tooltip>
      ),
      width: 90,
    },
  ];
}

const REFRESH_MS = 5000;

export function Compute() {
  const { ws } = route.useParams();
  const client = useQueryClient();
  const notify = useNotify();
  const query = useQuery({ ...computesQuery(ws), refetchInterval: REFRESH_MS });
  const [deleting, setDeleting] = useState<ComputeTarget | null>(null);
  const shown = useMemo(() => columns(setDeleting), []);

  const remove = async () => {
    if (!deleting) return;
    await deleteCompute(ws, deleting.name);
    notify.done(`Deleted ${deleting.name}`);
    await client.invalidateQueries({ queryKey: computeKeys.list(ws) });
  };
  return (
    <Page
      title="Compute"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <QueryTable
        label="Compute targets"
        query={query}
        columns={shown}
        rowId={(compute) => compute.name}
        storageKey="compute"
        initialSort={{ id: "name", desc: false }}
        none={{
          icon: <Server24Regular />,
          title: "No compute targets yet",
          hint: "Runs with the target “local” start on the submitter's machine. A compute target queues runs for the server's machine.",
          start: <CodeBlock snippets={[{ title: "Python", code: createCompute(ws) }]} />,
        }}
      />
      <ConfirmDialog
        open={deleting !== null}
        title={`Delete ${deleting?.name ?? ""}?`}
        action="Delete"
        onConfirm={remove}
        onClose={() => setDeleting(null)}
      >
        Runs that wait for this compute target will not start.
      </ConfirmDialog>
    </Page>
  );
}
