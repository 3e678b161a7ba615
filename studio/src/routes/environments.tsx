import { Badge, makeStyles } from "@fluentui/react-components";
import { ArrowSync20Regular, LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { environmentsQuery } from "../api/environments";
import type { EnvironmentVersion } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { RelativeTime } from "../components/RelativeTime";
import { SearchBox } from "../components/SearchBox";
import { EmptyState, ErrorState } from "../components/States";
import type { Column } from "../components/table/column";
import { DataTable } from "../components/table/DataTable";
import { packagesOf } from "../format/environment";
import { registerEnvironment } from "../format/snippets";

const route = getRouteApi("/ws/$ws/environments");

const useStyles = makeStyles({ search: { maxWidth: "480px", flexShrink: 0 } });

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
    {
      id: "created",
      header: "Created",
      cell: (environment) => <RelativeTime at={environment.created_at} />,
      value: (environment) => environment.created_at,
      width: 150,
    },
  ];
}

export function Environments() {
  const styles = useStyles();
  const { ws } = route.useParams();
  const [text, setText] = useState("");
  const query = useQuery(environmentsQuery(ws));
  const shown = useMemo(() => columns(ws), [ws]);
  const rows = useMemo(
    () => query.data?.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase())),
    [query.data, text],
  );
  const none = query.data?.length === 0;
  return (
    <Page
      title="Environments"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <SearchBox
        className={styles.search}
        label="Search environments"
        placeholder="Search names"
        value={text}
        onSearch={setText}
      />
      {query.error ? (
        <ErrorState
          error={query.error}
          what="The environments could not be listed."
          retry={() => void query.refetch()}
        />
      ) : (
        <DataTable
          label="Environments"
          rows={rows}
          columns={shown}
          rowId={(environment) => environment.name}
          storageKey="environments"
          initialSort={{ id: "name", desc: false }}
          empty={
            <EmptyState
              icon={<LayerDiagonal24Regular />}
              title={none ? "No environments yet" : "No environment matches"}
              hint={none ? "Register the packages that scripts and services need." : "Change or clear the search."}
            >
              {none ? <CodeBlock snippets={[{ title: "Python", code: registerEnvironment(ws) }]} /> : null}
            </EmptyState>
          }
        />
      )}
    </Page>
  );
}
