import { ArrowDownload20Regular, ArrowSync20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import {
  loggedModelFilesQuery,
  loggedModelFileUrl,
  loggedModelKeys,
  loggedModelQuery,
  loggedModelZipUrl,
} from "../api/logged_models";
import { runQuery } from "../api/runs";
import type { LoggedModel } from "../api/types";
import { ExperimentCrumb, HomeCrumb, RoomCrumb } from "../components/crumbs";
import { LoggedModelDetails } from "../components/lineage/LoggedModelDetails";
import { LoggedModelStatus } from "../components/lineage/LoggedModelStatus";
import { ModelFileTree } from "../components/models/ModelFiles";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { ErrorState } from "../components/States";

const route = getRouteApi("/ws/$ws/logged-models/$id");

const TABS = [
  ["details", "Details"],
  ["files", "Files"],
] as const;

type TabName = (typeof TABS)[number][0];

/** A model that MLflow logged in a run, registered or not. */
export function LoggedModelPage() {
  const { ws, id } = route.useParams();
  const query = useQuery(loggedModelQuery(ws, id));
  if (query.data) return <LoadedModel ws={ws} model={query.data} />;
  if (!query.error) return <LoadingPage />;
  return (
    <Page title="Logged model" crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="experiments" />]}>
      <ErrorState
        error={query.error}
        what={`The logged model ${id} could not be read.`}
        retry={() => void query.refetch()}
      />
    </Page>
  );
}

function LoadedModel({ ws, model }: { ws: string; model: LoggedModel }) {
  const client = useQueryClient();
  const [tab, setTab] = useState<TabName>("details");
  const source = model.source_run_id;
  const run = useQuery({ ...runQuery(ws, source ?? ""), enabled: source != null }).data;
  const files = useQuery({ ...loggedModelFilesQuery(ws, model.id), enabled: tab === "files" });
  return (
    <Page
      title={model.name}
      over="Logged model"
      crumbs={[
        <HomeCrumb key="home" />,
        <RoomCrumb key="room" room="experiments" />,
        ...(run ? [<ExperimentCrumb key="experiment" name={run.experiment_name} />] : []),
      ]}
      aside={<LoggedModelStatus status={model.status} />}
      commands={[
        { id: "download", label: "Download", icon: <ArrowDownload20Regular />, href: loggedModelZipUrl(ws, model.id) },
        {
          id: "refresh",
          label: "Refresh",
          icon: <ArrowSync20Regular />,
          onClick: () => void client.invalidateQueries({ queryKey: loggedModelKeys.detail(ws, model.id) }),
        },
      ]}
      scrolling={tab === "details"}
    >
      <PageTabs tabs={TABS} selected={tab} onSelect={setTab} />
      {tab === "details" ? (
        <LoggedModelDetails ws={ws} model={model} />
      ) : (
        <ModelFileTree
          query={files}
          url={(path) => loggedModelFileUrl(ws, model.id, path)}
          none="This model has no files in this workspace."
        />
      )}
    </Page>
  );
}
