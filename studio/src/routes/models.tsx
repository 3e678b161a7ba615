import { ArrowSync20Regular, Box32Regular } from "@fluentui/react-icons";
import { makeStyles } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { modelsQuery } from "../api/models";
import type { ModelVersion } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { RelativeTime } from "../components/RelativeTime";
import { SearchBox } from "../components/SearchBox";
import { EmptyState, ErrorState } from "../components/States";
import type { Column } from "../components/table/column";
import { DataTable } from "../components/table/DataTable";
import { tagText } from "../components/TagEditor";
import { bytes } from "../format/number";
import { registerFromRun, registerModel } from "../format/snippets";

const route = getRouteApi("/ws/$ws/models");

const useStyles = makeStyles({ search: { maxWidth: "480px", flexShrink: 0 } });

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
    {
      id: "created",
      header: "Created",
      cell: (model) => <RelativeTime at={model.created_at} />,
      value: (model) => model.created_at,
      width: 150,
    },
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
      width: 200,
    },
  ];
}

export function Models() {
  const styles = useStyles();
  const { ws } = route.useParams();
  const [text, setText] = useState("");
  const query = useQuery(modelsQuery(ws));
  const shown = useMemo(() => columns(ws), [ws]);
  const rows = useMemo(
    () => query.data?.filter((model) => model.name.toLowerCase().includes(text.trim().toLowerCase())),
    [query.data, text],
  );
  const none = query.data?.length === 0;
  return (
    <Page
      title="Models"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <SearchBox
        className={styles.search}
        label="Search models"
        placeholder="Search names"
        value={text}
        onSearch={setText}
      />
      {query.error ? (
        <ErrorState error={query.error} what="The models could not be listed." retry={() => void query.refetch()} />
      ) : (
        <DataTable
          label="Models"
          rows={rows}
          columns={shown}
          rowId={(model) => model.name}
          storageKey="models"
          initialSort={{ id: "created", desc: true }}
          empty={
            <EmptyState
              icon={<Box32Regular />}
              title={none ? "No models yet" : "No model matches"}
              hint={none ? "Register a file or folder, or the output of a run." : "Change or clear the search."}
            >
              {none ? (
                <CodeBlock
                  snippets={[
                    { title: "From a file", code: registerModel(ws) },
                    { title: "From a run", code: registerFromRun() },
                  ]}
                />
              ) : null}
            </EmptyState>
          }
        />
      )}
    </Page>
  );
}
