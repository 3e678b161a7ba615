import { Menu, MenuButton, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { ArrowSync20Regular, BoxArrowUp20Regular, Delete20Regular, Tag20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useState } from "react";

import { deleteEnvironment, environmentKeys, environmentVersionsQuery } from "../api/environments";
import type { EnvironmentVersion, Run } from "../api/types";
import type { EnvironmentSearch } from "../app/search";
import type { Command } from "../components/CommandBar";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { BuildDialog } from "../components/environments/BuildDialog";
import { Builds } from "../components/environments/Builds";
import { Definition } from "../components/environments/Definition";
import { LabelDialog } from "../components/environments/LabelDialog";
import { ResolvedTab } from "../components/environments/ResolvedTab";
import { Uses } from "../components/environments/Uses";
import { VersionTab } from "../components/environments/VersionTab";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { ErrorState } from "../components/States";
import { changed, NO_PLACE, type Change } from "../format/address";

const route = getRouteApi("/ws/$ws/environments/$name");

const TABS = [
  ["definition", "Definition"],
  ["packages", "Packages"],
  ["versions", "Versions"],
  ["builds", "Builds"],
  ["uses", "Used by"],
] as const;

export function EnvironmentPage() {
  const { ws, name } = route.useParams();
  const { version } = route.useSearch();
  const query = useQuery(environmentVersionsQuery(ws, name));
  if (query.error) {
    return (
      <Page title={name} crumbs={CRUMBS}>
        <ErrorState error={query.error} what={`${name} could not be read.`} retry={() => void query.refetch()} />
      </Page>
    );
  }
  const versions = query.data ? [...query.data].sort((a, b) => b.created_at - a.created_at) : [];
  const shown = versions.find((one) => one.version === version) ?? versions[0];
  if (!shown) return <LoadingPage />;
  return <OneVersion ws={ws} versions={versions} shown={shown} />;
}

const CRUMBS = [<HomeCrumb key="home" />, <RoomCrumb key="room" room="environments" />];

interface VersionProps {
  ws: string;
  versions: EnvironmentVersion[];
  shown: EnvironmentVersion;
}

type DialogName = "build" | "label" | "delete";

function OneVersion({ ws, versions, shown }: VersionProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const tab = TABS.find(([known]) => known === search.tab)?.[0] ?? "definition";
  const go = useCallback(
    (change: Change<EnvironmentSearch>) =>
      void navigate({ search: (before) => changed(before, change), replace: true }),
    [navigate],
  );
  const showBuild = useCallback((build: string) => go({ tab: "builds", build }), [go]);
  const close = () => setDialog(null);
  return (
    <Page
      title={shown.name}
      here={`${shown.name}:${shown.version}`}
      crumbs={CRUMBS}
      aside={<Versions versions={versions} shown={shown} />}
      commands={useVersionCommands(ws, shown, setDialog)}
      scrolling={tab !== "uses"}
    >
      <PageTabs tabs={TABS} selected={tab} onSelect={(next) => go({ ...NO_PLACE, tab: next })} />
      {tab === "definition" ? <Definition ws={ws} environment={shown} /> : null}
      {tab === "packages" ? <ResolvedTab ws={ws} environment={shown} /> : null}
      {tab === "versions" ? (
        <VersionTab
          ws={ws}
          versions={versions}
          shown={shown}
          against={search.against}
          onCompare={(against, version) => go({ against, version })}
        />
      ) : null}
      {tab === "builds" ? (
        <Builds
          ws={ws}
          environment={shown}
          chosen={search.build}
          onChoose={showBuild}
          onBuild={() => setDialog("build")}
        />
      ) : null}
      {tab === "uses" ? <Uses ws={ws} name={shown.name} /> : null}
      <Dialogs ws={ws} shown={shown} only={versions.length === 1} dialog={dialog} onBuild={showBuild} onClose={close} />
    </Page>
  );
}

function useVersionCommands(ws: string, shown: EnvironmentVersion, open: (dialog: DialogName) => void): Command[] {
  const client = useQueryClient();
  const why = "A curated environment cannot be changed: register one of your own";
  return [
    {
      id: "refresh",
      label: "Refresh",
      icon: <ArrowSync20Regular />,
      onClick: () => void client.invalidateQueries({ queryKey: environmentKeys.all(ws) }),
    },
    { id: "build", label: "Build", icon: <BoxArrowUp20Regular />, onClick: () => open("build") },
    {
      id: "label",
      label: "Label",
      icon: <Tag20Regular />,
      onClick: () => open("label"),
      disabled: shown.curated,
      why,
    },
    {
      id: "delete",
      label: "Delete version",
      icon: <Delete20Regular />,
      onClick: () => open("delete"),
      disabled: shown.curated,
      why,
    },
  ];
}

interface DialogsProps {
  ws: string;
  shown: EnvironmentVersion;
  /** It is the only version: with it the environment goes. */
  only: boolean;
  dialog: DialogName | null;
  onBuild: (id: string) => void;
  onClose: () => void;
}

function Dialogs({ ws, shown, only, dialog, onBuild, onClose }: DialogsProps) {
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const notify = useNotify();
  const started = (run: Run) => {
    onClose();
    onBuild(run.id);
    void client.invalidateQueries({ queryKey: environmentKeys.builds(ws, shown.name) });
  };
  const remove = async () => {
    await deleteEnvironment(ws, shown.name, shown.version);
    notify.done(`Deleted ${shown.name}:${shown.version}`);
    if (only) await navigate({ to: "/ws/$ws/environments", params: { ws }, search: {} });
    else await navigate({ search: {} });
    await client.invalidateQueries({ queryKey: environmentKeys.all(ws) });
  };
  return (
    <>
      {dialog === "build" ? <BuildDialog ws={ws} environment={shown} onStarted={started} onClose={onClose} /> : null}
      {dialog === "label" ? <LabelDialog ws={ws} environment={shown} onClose={onClose} /> : null}
      <ConfirmDialog
        open={dialog === "delete"}
        title={`Delete ${shown.name}:${shown.version}?`}
        action="Delete"
        onConfirm={remove}
        onClose={onClose}
      >
        {only ? "It is the only version: with it the environment goes. " : ""}Runs and endpoints that use it go on, and
        what was built from it stays on disk.
      </ConfirmDialog>
    </>
  );
}

function Versions({ versions, shown }: { versions: EnvironmentVersion[]; shown: EnvironmentVersion }) {
  const navigate = route.useNavigate();
  return (
    <Menu
      checkedValues={{ version: [shown.version] }}
      onCheckedValueChange={(_, data) => {
        const version = data.checkedItems[0];
        if (version) void navigate({ search: (before) => ({ ...before, version }) });
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton size="small">Version {shown.version}</MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList style={{ maxHeight: 360, overflowY: "auto" }}>
          {versions.map(({ version, labels }) => (
            <MenuItemRadio key={version} name="version" value={version}>
              {`Version ${version}${labels.length > 0 ? ` (${labels.join(", ")})` : ""}`}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
