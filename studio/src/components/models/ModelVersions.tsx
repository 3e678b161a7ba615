import { useMemo } from "react";

import type { ModelVersion } from "../../api/types";
import { bytes } from "../../format/number";
import { AppLink } from "../AppLink";
import { RelativeTime } from "../RelativeTime";
import type { Column } from "../table/column";
import { DataTable } from "../table/DataTable";
import { tagText } from "../TagEditor";

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
    {
      id: "created",
      header: "Created",
      cell: (model) => <RelativeTime at={model.created_at} />,
      value: (model) => model.created_at,
      width: 160,
    },
    {
      id: "run",
      header: "Run",
      cell: (model) =>
        model.run_id ? (
          <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: model.run_id }} cut>
            {model.run_id}
          </AppLink>
        ) : (
          "–"
        ),
      value: (model) => model.run_id,
      width: 280,
    },
    {
      id: "size",
      header: "Size",
      cell: (model) => bytes(model.size),
      value: (model) => model.size,
      width: 110,
      align: "end",
    },
    {
      id: "tags",
      header: "Tags",
      cell: (model) =>
        Object.entries(model.tags)
          .map(([key, value]) => tagText(key, value))
          .join(", ") || "–",
      width: 220,
    },
  ];
}
