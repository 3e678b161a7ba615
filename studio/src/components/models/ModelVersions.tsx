import { useMemo } from "react";

import type { ModelVersion } from "../../api/types";
import { aliasesOf } from "../../format/aliases";
import { AppLink } from "../AppLink";
import { RunById } from "../runs/RunById";
import { sizeColumn, tagsColumn, timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { DataTable } from "../table/DataTable";
import { AliasList } from "./AliasList";

interface Props {
  ws: string;
  versions: ModelVersion[];
  /** Alias to version. */
  aliases: Record<string, number>;
}

/** Every version of a model, the newest first. */
export function ModelVersions({ ws, versions, aliases }: Props) {
  const columns = useMemo(() => versionColumns(ws, aliases), [ws, aliases]);
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

function versionColumns(ws: string, aliases: Record<string, number>): Column<ModelVersion>[] {
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
      id: "aliases",
      header: "Aliases",
      cell: (model) => <AliasList names={aliasesOf(aliases, model.version)} />,
      value: (model) => aliasesOf(aliases, model.version)[0],
      width: 200,
    },
    {
      id: "stage",
      header: "Stage",
      cell: (model) => (model.stage === "None" ? "–" : model.stage),
      value: (model) => (model.stage === "None" ? null : model.stage),
      width: 110,
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
