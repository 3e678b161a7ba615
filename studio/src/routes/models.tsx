import { ArrowSync20Regular, Box32Regular } from "@fluentui/react-icons";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { modelsQuery } from "../api/models";
import { registeredModelsQuery } from "../api/registered_models";
import type { ModelVersion, RegisteredModel } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { AliasList } from "../components/models/AliasList";
import { Page } from "../components/Page";
import type { Column } from "../components/table/column";
import { sizeColumn, tagsColumn, timeColumn } from "../components/table/cells";
import { QueryTable } from "../components/table/QueryTable";
import { registerFromRun, registerModel } from "../format/snippets";

const route = getRouteApi("/ws/$ws/models");

/** A model, with its newest version where it has one. */
interface ModelRow extends RegisteredModel {
  newest: ModelVersion | undefined;
}

const nameOf = (model: ModelRow) => model.name;

/** Its aliases with their versions, the newest version first. */
function aliasTexts({ aliases }: RegisteredModel): string[] {
  const sorted = Object.entries(aliases).sort(([a, of], [b, than]) => than - of || a.localeCompare(b));
  return sorted.map(([alias, version]) => `${alias}: ${version}`);
}

function columns(ws: string): Column<ModelRow>[] {
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
      width: 220,
      card: "title",
    },
    {
      id: "version",
      header: "Latest version",
      cell: (model) => model.newest?.version ?? "–",
      value: (model) => model.newest?.version,
      width: 130,
      align: "end",
    },
    {
      id: "aliases",
      header: "Aliases",
      cell: (model) => <AliasList names={aliasTexts(model)} />,
      value: (model) => aliasTexts(model)[0],
      width: 170,
    },
    timeColumn("created", "Created", (model) => model.newest?.created_at ?? model.created_at),
    {
      id: "framework",
      header: "Framework",
      cell: ({ newest }) => [newest?.framework, newest?.framework_version].filter(Boolean).join(" ") || "–",
      value: (model) => model.newest?.framework,
      width: 120,
    },
    {
      id: "experiment",
      header: "Experiment",
      cell: (model) => model.newest?.experiment_name ?? "–",
      value: (model) => model.newest?.experiment_name,
      width: 130,
    },
    sizeColumn((model) => model.newest?.size),
    tagsColumn(140),
  ];
}

function useModels(ws: string) {
  return useQueries({
    queries: [registeredModelsQuery(ws), modelsQuery(ws)],
    combine: ([wholes, versions]) => {
      const newest = new Map(versions.data?.map((version) => [version.name, version]));
      const tags = (whole: RegisteredModel) => ({ ...newest.get(whole.name)?.tags, ...whole.tags });
      return {
        data: versions.data && wholes.data?.map((w): ModelRow => ({ ...w, tags: tags(w), newest: newest.get(w.name) })),
        error: wholes.error ?? versions.error,
        refetch: () => void Promise.all([wholes.refetch(), versions.refetch()]),
      };
    },
  });
}

export function Models() {
  const { ws } = route.useParams();
  const query = useModels(ws);
  const shown = useMemo(() => columns(ws), [ws]);
  return (
    <Page
      title="Models"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[{ id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: query.refetch }]}
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
