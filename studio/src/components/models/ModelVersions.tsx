import { useMemo } from "react";

import type { ModelVersion } from "../../api/types";
import { AppLink } from "../AppLink";
import { RunById } from "../runs/RunById";
import { sizeColumn, tagsColumn, timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { DataTable } from "../table/DataTable";

/** Every version of a model, the newest first. */
export function ModelVersions({ ws, versions }: { ws: string; versions: ModelVersion[] }) {
  const columns = useMemo(() => versionColumns(ws), [ws]);
  return (
    <DataTable
      label="Versions"
      rows={versions}
      columns={columns}
      rowId={(model) => String(model.version)}
      storageKey="versions"
      initialSort={{ id: "version", desc: true }}
      empty={null}
    />
  );
}

function versionColumns(ws: string): Column<ModelVersion>[] {
  return [
    {
      id: "version",
      header: "Version",
      cell: (model) => (
        <AppLink
          to="/ws/$ws/models/$name/$version"
          params={{ ws, name: model.name, version: String(model.version) }}
        >{`Version ${model.version}`}</AppLink>
      ),
      value: (model) => model.version,
      width: 120,
      card: "title",
    },
    timeColumn("created", "Created", (model) => model.created_at),
    {
      id: "run",
      header: "Run",
      cell: (model) => (model.run_id ? <RunById id={model.run_id} /> : "–"),
      value: (model) => model.run_id,
      width: 280,
    },
    sizeColumn((model) => model.size),
    tagsColumn(220),
  ];
}
