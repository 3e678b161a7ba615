import { Badge } from "@fluentui/react-components";
import { ArrowSync20Regular, LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { environmentsQuery } from "../api/environments";
import type { EnvironmentVersion } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import type { Column } from "../components/table/column";
import { timeColumn } from "../components/table/cells";
import { QueryTable } from "../components/table/QueryTable";
import { packagesOf } from "../format/environment";
import { registerEnvironment } from "../format/snippets";

const route = getRouteApi("/ws/$ws/environments");

const nameOf = (environment: EnvironmentVersion) => environment.name;

function columns(ws: string): Column<EnvironmentVersion>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (environment) => (
        <AppLink to="/ws/$ws/environments/$name" params={{ ws, name: environment.name }} cut>
          {environment.name}
        </AppLink>
      ),
      value: (environment) => environment.name,
      width: 280,
      card: "title",
    },
    {
      id: "curated",
      header: "Made by",
      cell: (environment) =>
        environment.curated ? (
          <Badge appearance="tint" color="brand">
            Curated
          </Badge>
        ) : (
          "This workspace"
        ),
      value: (environment) => (environment.curated ? 1 : 0),
      width: 140,
    },
    {
      id: "version",
      header: "Latest version",
      cell: (environment) => environment.version,
      value: (environment) => environment.version,
      width: 140,
    },
    {
      id: "packages",
      header: "Packages",
      cell: (environment) => packagesOf(environment.definition).join(", ") || "–",
      width: 320,
    },
    timeColumn("created", "Created", (environment) => environment.created_at),
  ];
}

export function Environments() {
  const { ws } = route.useParams();
  const query = useQuery(environmentsQuery(ws));
  const shown = useMemo(() => columns(ws), [ws]);
  return (
    <Page
      title="Environments"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <QueryTable
        label="Environments"
        query={query}
        searched={nameOf}
        columns={shown}
        rowId={nameOf}
        storageKey="environments"
        initialSort={{ id: "name", desc: false }}
        none={{
          icon: <LayerDiagonal24Regular />,
          title: "No environments yet",
          hint: "Register the packages that scripts and services need.",
          start: <CodeBlock snippets={[{ title: "Python", code: registerEnvironment(ws) }]} />,
        }}
      />
    </Page>
  );
}
