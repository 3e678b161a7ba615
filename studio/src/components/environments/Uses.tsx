import { History24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentUsesQuery } from "../../api/environments";
import type { EnvironmentUse } from "../../api/types";
import { AppLink } from "../AppLink";
import { RunById } from "../runs/RunById";
import { timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { QueryTable } from "../table/QueryTable";
import { BUILD_LOG } from "./BuildLog";
import { preparation } from "./UseFacts";

function columns(ws: string): Column<EnvironmentUse>[] {
  return [
    {
      id: "by",
      header: "Used by",
      cell: (use) => <User ws={ws} use={use} />,
      value: (use) => use.service ?? use.run_id,
      width: 280,
      card: "title",
    },
    {
      id: "kind",
      header: "Kind",
      cell: (use) => (use.service ? `Endpoint, revision ${use.revision ?? 1}` : "Run"),
      value: (use) => (use.service ? 1 : 0),
      width: 170,
    },
    { id: "version", header: "Version", cell: (use) => use.version ?? "–", value: (use) => use.version, width: 110 },
    { id: "prepared", header: "Prepared", cell: preparation, value: (use) => use.seconds, width: 190 },
    {
      id: "lock",
      header: "Lock",
      cell: (use) => use.lock?.key ?? "–",
      value: (use) => use.lock?.key,
      width: 190,
    },
    timeColumn("at", "When", (use) => use.at),
    {
      id: "log",
      header: "Build log",
      cell: (use) =>
        use.run_id && !use.reused && use.lock ? (
          <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: use.run_id }} search={{ tab: "files", path: BUILD_LOG }}>
            Open
          </AppLink>
        ) : (
          "–"
        ),
      width: 100,
    },
  ];
}

function User({ ws, use }: { ws: string; use: EnvironmentUse }) {
  if (use.run_id) return <RunById id={use.run_id} />;
  if (!use.service) return <>Deleted</>;
  return (
    <AppLink to="/ws/$ws/endpoints/$name" params={{ ws, name: use.service }} cut>
      {use.service}
    </AppLink>
  );
}

const idOf = (use: EnvironmentUse) => `${use.run_id ?? ""}/${use.service ?? ""}/${use.revision ?? ""}/${use.at}`;

/** The newest runs and endpoints that used an environment, and what preparing it took. */
export function Uses({ ws, name }: { ws: string; name: string }) {
  const query = useQuery(environmentUsesQuery(ws, name));
  const shown = useMemo(() => columns(ws), [ws]);
  return (
    <QueryTable
      label="Uses"
      query={query}
      columns={shown}
      rowId={idOf}
      storageKey="uses"
      initialSort={{ id: "at", desc: true }}
      none={{
        icon: <History24Regular />,
        title: "Not used yet",
        hint: "Runs and endpoints that use this environment appear here.",
      }}
    />
  );
}
