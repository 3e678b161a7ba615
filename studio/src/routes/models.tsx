import { ArrowSync20Regular, Box32Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { modelsQuery } from "../api/models";
import type { ModelVersion } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import type { Column } from "../components/table/column";
import { sizeColumn, tagsColumn, timeColumn } from "../components/table/cells";
import { QueryTable } from "../components/table/QueryTable";
import { registerFromRun, registerModel } from "../format/snippets";

const route = getRouteApi("/ws/$ws/models");

const nameOf = (model: ModelVersion) => model.name;

function columns(ws: string): Column<ModelVersion>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (model) => (
        <AppLink to="/ws/$ws/models/$name" params={{ ws, name: model.name }} cut title={model.name}>
          {model.name}
        </AppLink>
      ),
      value: (model) => model.name,
      width: 260,
      card: "title",
    },
    {
      id: "version",
      header: "Latest version",
      cell: (model) => model.version,
      value: (model) => model.version,
      width: 140,
      align: "end",
    },
    timeColumn("created", "Created", (model) => model.created_at),
    {
      id: "framework",
      header: "Framework",
      cell: (model) => [model.framework, model.framework_version].filter(Boolean).join(" ") || "–",
      value: (model) => model.framework,
      width: 160,
    },
    {
      id: "experiment",
      header: "Experiment",
      cell: (model) => model.experiment_name ?? "–",
      value: (model) => model.experiment_name,
      width: 160,
    },
    sizeColumn((model) => model.size),
    tagsColumn(200),
  ];
}

export function Models() {
  const { ws } = route.useParams();
  const query = useQuery(modelsQuery(ws));
  const shown = useMemo(() => columns(ws), [ws]);
  return (
    <Page
      title="Models"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <QueryTable
        label="Models"
        query={query}
        searched={nameOf}
        columns={shown}
        rowId={nameOf}
        storageKey="models"
        initialSort={{ id: "created", desc: true }}
        none={{
          icon: <Box32Regular />,
          title: "No models yet",
          hint: "Register a file or folder, or the output of a run.",
          start: (
            <CodeBlock
              snippets={[
                { title: "From a file", code: registerModel(ws) },
                { title: "From a run", code: registerFromRun() },
              ]}
            />
          ),
        }}
      />
    </Page>
  );
}
