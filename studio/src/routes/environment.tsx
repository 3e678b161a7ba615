import { Badge, Menu, MenuButton, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { environmentUsesQuery, environmentVersionsQuery } from "../api/environments";
import type { EnvironmentVersion } from "../api/types";
import { Card, Facts } from "../components/Card";
import { CodeBlock } from "../components/CodeBlock";
import { Columns } from "../components/Columns";
import { CopyText } from "../components/CopyButton";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { Packages } from "../components/environments/Packages";
import { UseFacts } from "../components/environments/UseFacts";
import { Uses } from "../components/environments/Uses";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { RelativeTime } from "../components/RelativeTime";
import { EmptyState, ErrorState } from "../components/States";
import { condaOf, packagesOf, toYaml } from "../format/environment";
import { openWorkspace } from "../format/snippets";

const route = getRouteApi("/ws/$ws/environments/$name");

const TABS = [
  ["definition", "Definition"],
  ["packages", "Packages"],
  ["uses", "Used by"],
] as const;

export function EnvironmentPage() {
  const { ws, name } = route.useParams();
  const { version, tab: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(environmentVersionsQuery(ws, name));
  const crumbs = [<HomeCrumb key="home" />, <RoomCrumb key="room" room="environments" />];
  if (query.error) {
    return (
      <Page title={name} crumbs={crumbs}>
        <ErrorState error={query.error} what={`${name} could not be read.`} retry={() => void query.refetch()} />
      </Page>
    );
  }
  if (!query.data) return <LoadingPage />;
  const versions = [...query.data].sort((a, b) => b.created_at - a.created_at);
  const shown = versions.find((one) => one.version === version) ?? versions[0];
  const tab = TABS.find(([known]) => known === wanted)?.[0] ?? "definition";
  return (
    <Page
      title={name}
      here={shown ? `${name}:${shown.version}` : name}
      crumbs={crumbs}
      aside={shown ? <Versions versions={versions} shown={shown} /> : null}
      scrolling={tab !== "uses"}
    >
      <PageTabs
        tabs={TABS}
        selected={tab}
        onSelect={(next) => void navigate({ search: { ...(version ? { version } : {}), tab: next }, replace: true })}
      />
      {shown && tab === "definition" ? <Definition ws={ws} environment={shown} /> : null}
      {shown && tab === "packages" ? <Resolved ws={ws} environment={shown} /> : null}
      {tab === "uses" ? <Uses ws={ws} name={name} /> : null}
    </Page>
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
          {versions.map(({ version }) => (
            <MenuItemRadio key={version} name="version" value={version}>
              Version {version}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** The lock that the newest run or endpoint got of this version: the same spec may resolve to others elsewhere. */
function Resolved({ ws, environment }: { ws: string; environment: EnvironmentVersion }) {
  const query = useQuery(environmentUsesQuery(ws, environment.name));
  const asked = useMemo(() => packagesOf(environment.definition), [environment]);
  if (query.error) return <ErrorState error={query.error} what="The uses could not be listed." />;
  if (!query.data) return <LoadingPage />;
  const use = query.data.find((one) => one.lock && one.version === environment.version);
  if (use?.lock) {
    return <Columns main={<Packages lock={use.lock} asked={asked} />} side={<UseFacts use={use} />} />;
  }
  return (
    <EmptyState
      icon={<LayerDiagonal24Regular />}
      title="Not resolved yet"
      hint="The packages are known here once a run or an endpoint has used this version. To see them before, build it."
    >
      <CodeBlock snippets={[{ title: "Terminal", code: `zaffre environment build ${environment.name}` }]} />
    </EmptyState>
  );
}

function Definition({ ws, environment }: { ws: string; environment: EnvironmentVersion }) {
  const conda = condaOf(environment.definition);
  const json = { title: "Definition (JSON)", code: JSON.stringify(environment.definition, null, 2) };
  const use = `from azureml.core import Environment, Workspace

environment = Environment.get(${openWorkspace(ws)}, "${environment.name}", version="${environment.version}")`;
  const machine = `# what it resolved to, what was reused, why it was built anew
zaffre environment explain ${environment.name}
# how much disk the built ones take, and which nobody uses
zaffre environment prune --list-only`;
  return (
    <Columns
      main={<CodeBlock snippets={conda ? [{ title: "Conda file", code: toYaml(conda) }, json] : [json]} />}
      side={
        <>
          <VersionFacts environment={environment} />
          <CodeBlock
            snippets={[
              { title: "Use", code: use },
              { title: "On this machine", code: machine },
            ]}
          />
        </>
      }
    />
  );
}

function VersionFacts({ environment }: { environment: EnvironmentVersion }) {
  return (
    <Card title="Details">
      <Facts
        facts={[
          ["Name", <CopyText key="name" text={environment.name} what="the name" />],
          ["Version", environment.version],
          environment.labels.length > 0 && ["Labels", environment.labels.join(", ")],
          environment.curated && [
            "Made by",
            <Badge key="curated" appearance="tint">
              Curated
            </Badge>,
          ],
          ["Created", <RelativeTime key="created" at={environment.created_at} />],
          ["Content", <CopyText key="hash" text={environment.content_hash} what="the content hash" />],
        ]}
      />
    </Card>
  );
}
