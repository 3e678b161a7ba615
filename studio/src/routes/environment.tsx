import {
  Badge,
  makeStyles,
  Menu,
  MenuButton,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { environmentVersionsQuery } from "../api/environments";
import type { EnvironmentVersion } from "../api/types";
import { Card, Facts } from "../components/Card";
import { CodeBlock } from "../components/CodeBlock";
import { CopyText } from "../components/CopyButton";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { RelativeTime } from "../components/RelativeTime";
import { ErrorState } from "../components/States";
import { condaOf, toYaml } from "../format/environment";
import { openWorkspace } from "../format/snippets";

const route = getRouteApi("/ws/$ws/environments/$name");

const useStyles = makeStyles({
  grid: {
    display: "grid",
    gap: "12px",
    gridTemplateColumns: "minmax(0, 2fr) minmax(0, 3fr)",
    alignItems: "start",
    "@media (max-width: 1023px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
});

export function EnvironmentPage() {
  const { ws, name } = route.useParams();
  const { version } = route.useSearch();
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
  return (
    <Page
      title={name}
      here={shown ? `${name}:${shown.version}` : name}
      crumbs={crumbs}
      aside={shown ? <Versions versions={versions} shown={shown} /> : null}
      scrolling
    >
      {shown ? <Definition ws={ws} environment={shown} /> : null}
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
        if (version) void navigate({ search: { version } });
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

function Definition({ ws, environment }: { ws: string; environment: EnvironmentVersion }) {
  const styles = useStyles();
  const conda = condaOf(environment.definition);
  const json = { title: "Definition (JSON)", code: JSON.stringify(environment.definition, null, 2) };
  const use = `from azureml.core import Environment, Workspace

environment = Environment.get(${openWorkspace(ws)}, "${environment.name}", version="${environment.version}")`;
  return (
    <div className={styles.grid}>
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
        <CodeBlock snippets={[{ title: "Use", code: use }]} />
      </Card>
      <CodeBlock snippets={conda ? [{ title: "Conda file", code: toYaml(conda) }, json] : [json]} />
    </div>
  );
}
