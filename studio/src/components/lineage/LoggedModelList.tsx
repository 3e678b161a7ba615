import { Box48Regular } from "@fluentui/react-icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { loggedModelsQuery } from "../../api/logged_models";
import { LIVE_LIST_MS } from "../../api/pages";
import type { LoggedModel } from "../../api/types";
import { isFilter, likeText, type Sorting } from "../../format/filter";
import { metric } from "../../format/number";
import { AppLink } from "../AppLink";
import { CodeBlock } from "../CodeBlock";
import { RelativeTime } from "../RelativeTime";
import { RunById } from "../runs/RunById";
import { EmptyState } from "../States";
import type { Column } from "../table/column";
import { PagedTable } from "../table/PagedTable";
import { useTablePlace } from "../table/place";
import { useWorkspace } from "../WorkspaceContext";
import { LoggedModelStatus } from "./LoggedModelStatus";

const NEWEST_FIRST: Sorting = { id: "creation_timestamp", desc: true };
const SNIPPET = `with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="classifier", input_example=X[:3])`;

/** The models that an experiment's runs logged, searched and sorted by the server. */
export function LoggedModelList({ ws, experiment }: { ws: string; experiment: string }) {
  const place = useTablePlace();
  const search = place.text;
  const sort = place.sort ?? NEWEST_FIRST;
  const filter = loggedModelFilter(search);
  const query = useInfiniteQuery({
    ...loggedModelsQuery(ws, experiment, { filter, order: `${sort.id} ${sort.desc ? "DESC" : "ASC"}` }),
    placeholderData: (before) => before,
    refetchInterval: LIVE_LIST_MS,
  });
  const models = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  const columns = useMemo(() => modelColumns(models ?? []), [models]);
  return (
    <PagedTable
      label="Logged models"
      one="model"
      query={query}
      rows={models}
      columns={columns}
      rowId={(model) => model.id}
      storageKey="logged-models"
      search={search}
      onSearch={place.onSearch}
      placeholder="Search names, or filter: metrics.accuracy > 0.9 and params.C = '1.0'"
      sort={sort}
      onSort={place.onSort}
      empty={<NoModels filtered={search !== ""} />}
    />
  );
}

function NoModels({ filtered }: { filtered: boolean }) {
  if (filtered)
    return <EmptyState icon={<Box48Regular />} title="No model matches" hint="Change or clear the search." />;
  return (
    <EmptyState
      icon={<Box48Regular />}
      title="No logged models"
      hint="A model that MLflow logs in a run of this experiment appears here."
    >
      <CodeBlock snippets={[{ title: "MLflow", code: SNIPPET }]} />
    </EmptyState>
  );
}

function loggedModelFilter(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  return isFilter(trimmed) ? trimmed : `name ILIKE ${likeText(trimmed)}`;
}

const MOST_METRICS = 3;

function modelColumns(models: readonly LoggedModel[]): Column<LoggedModel>[] {
  const names = [...new Set(models.flatMap((model) => model.metrics.map(({ key }) => key)))].slice(0, MOST_METRICS);
  return [
    {
      id: "name",
      header: "Name",
      cell: (model) => <ModelLink model={model} />,
      serverSort: true,
      width: 220,
      card: "title",
    },
    {
      id: "status",
      header: "Status",
      cell: (model) => <LoggedModelStatus status={model.status} />,
      serverSort: true,
      width: 130,
      card: "corner",
    },
    {
      id: "creation_timestamp",
      header: "Created",
      cell: (model) => <RelativeTime at={model.created_at} />,
      serverSort: true,
      width: 140,
    },
    {
      id: "source_run_id",
      header: "Source run",
      cell: (model) => (model.source_run_id == null ? "–" : <RunById id={model.source_run_id} />),
      width: 200,
    },
    ...names.map((name) => metricColumn(name)),
  ];
}

function metricColumn(name: string): Column<LoggedModel> {
  return {
    id: `metrics.\`${name.replaceAll("`", "")}\``,
    header: name,
    cell: (model) => {
      const value = model.metrics.find(({ key }) => key === name)?.value;
      return value === undefined ? "–" : metric(value);
    },
    serverSort: true,
    width: 120,
    align: "end",
  };
}

function ModelLink({ model }: { model: LoggedModel }) {
  const ws = useWorkspace();
  return (
    <AppLink to="/ws/$ws/logged-models/$id" params={{ ws, id: model.id }} cut title={model.name}>
      {model.name}
    </AppLink>
  );
}
