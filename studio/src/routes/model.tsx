import { ArrowDownload20Regular, ArrowSync20Regular, Delete20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { deleteModel, modelKeys, modelVersionsQuery, modelZipUrl } from "../api/models";
import { registeredModelQuery } from "../api/registered_models";
import type { ModelVersion, RegisteredModel } from "../api/types";
import type { TabSearch } from "../app/search";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { ModelDetails } from "../components/models/ModelDetails";
import { ModelFiles } from "../components/models/ModelFiles";
import { ModelVersions } from "../components/models/ModelVersions";
import { UnfilledModel } from "../components/models/UnfilledModel";
import { VersionPicker } from "../components/models/VersionPicker";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { Permissions } from "../components/permissions/Permissions";
import { ErrorState } from "../components/States";

const latest = getRouteApi("/ws/$ws/models/$name");
const exact = getRouteApi("/ws/$ws/models/$name/$version");

export function LatestModel() {
  const { ws, name } = latest.useParams();
  return <ModelView ws={ws} name={name} version={null} />;
}

export function ModelPage() {
  const { ws, name, version } = exact.useParams();
  return <ModelView ws={ws} name={name} version={Number(version)} />;
}

function ModelView({ ws, name, version }: { ws: string; name: string; version: number | null }) {
  const query = useQuery(modelVersionsQuery(ws, name));
  const whole = useQuery(registeredModelQuery(ws, name)).data;
  const model = version === null ? query.data?.[0] : query.data?.find((one) => one.version === version);
  if (query.data && model) return <LoadedModel ws={ws} model={model} versions={query.data} whole={whole} />;
  if (version === null && whole && query.data?.length === 0) return <UnfilledModel ws={ws} whole={whole} />;
  if (query.isPending) return <LoadingPage />;
  const error = query.error ?? new Error(`The model ${name} has no version ${version ?? ""}.`);
  return (
    <Page title={name} crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="models" />]}>
      <ErrorState error={error} what={`The model ${name} could not be read.`} retry={() => void query.refetch()} />
    </Page>
  );
}

const NO_ALIASES = {};

const TABS = [
  ["details", "Details"],
  ["files", "Files"],
  ["versions", "Versions"],
  ["permissions", "Permissions"],
] as const;

type TabName = (typeof TABS)[number][0];

interface LoadedProps {
  ws: string;
  model: ModelVersion;
  versions: ModelVersion[];
  whole: RegisteredModel | undefined;
}

function LoadedModel({ ws, model, versions, whole }: LoadedProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const { tab: wanted }: TabSearch = useSearch({ strict: false });
  const tab: TabName = TABS.find(([known]) => known === wanted)?.[0] ?? "details";
  const [deleting, setDeleting] = useState(false);
  const title = `${model.name}:${model.version}`;

  const remove = async () => {
    await deleteModel(ws, model.name, model.version);
    notify.done(`Deleted ${title}`);
    await navigate({ to: "/ws/$ws/models", params: { ws } });
    await client.invalidateQueries({ queryKey: modelKeys.all(ws) });
  };
  return (
    <Page
      title={model.name}
      here={title}
      crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="models" />]}
      aside={<VersionPicker ws={ws} model={model} versions={versions} aliases={whole?.aliases ?? NO_ALIASES} />}
      commands={[
        {
          id: "download",
          label: "Download",
          icon: <ArrowDownload20Regular />,
          href: modelZipUrl(ws, model.name, model.version),
        },
        {
          id: "refresh",
          label: "Refresh",
          icon: <ArrowSync20Regular />,
          onClick: () => void client.invalidateQueries({ queryKey: modelKeys.all(ws) }),
        },
        { id: "delete", label: "Delete version", icon: <Delete20Regular />, onClick: () => setDeleting(true) },
      ]}
      scrolling={tab === "details"}
    >
      <PageTabs
        tabs={TABS}
        selected={tab}
        onSelect={(next) => void navigate({ to: ".", search: next === "details" ? {} : { tab: next }, replace: true })}
      />
      {tab === "details" ? <ModelDetails ws={ws} model={model} whole={whole} /> : null}
      {tab === "files" ? <ModelFiles ws={ws} model={model} /> : null}
      {tab === "versions" ? <ModelVersions ws={ws} versions={versions} aliases={whole?.aliases ?? NO_ALIASES} /> : null}
      {tab === "permissions" ? <Permissions ws={ws} holder={{ kind: "model", name: model.name }} /> : null}
      <ConfirmDialog
        open={deleting}
        title={`Delete ${title}?`}
        action="Delete"
        onConfirm={remove}
        onClose={() => setDeleting(false)}
      >
        Its files are deleted. This cannot be undone. Other versions stay.
      </ConfirmDialog>
    </Page>
  );
}
