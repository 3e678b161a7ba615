import { Badge } from "@fluentui/react-components";
import { LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentsQuery } from "../../api/environments";
import type { EnvironmentVersion } from "../../api/types";
import { packagesOf } from "../../format/environment";
import { registerEnvironment } from "../../format/snippets";
import { AppLink } from "../AppLink";
import { CodeBlock } from "../CodeBlock";
import { timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { Cut } from "../table/Cut";
import { QueryTable } from "../table/QueryTable";

const nameOf = (environment: EnvironmentVersion) => environment.name;
const packageText = (environment: EnvironmentVersion) => packagesOf(environment.definition).join(", ");

function columns(ws: string): Column<EnvironmentVersion>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (environment) => (
        <AppLink to="/ws/$ws/environments/$name" params={{ ws, name: environment.name }} cut title={environment.name}>
          {environment.name}
        </AppLink>
      ),
      value: nameOf,
      width: 280,
      card: "title",
    },
    {
      id: "curated",
      header: "Made by",
      cell: (environment) => <MadeBy curated={environment.curated} />,
      value: (environment) => (environment.curated ? 1 : 0),
      width: 140,
      card: "corner",
    },
    {
      id: "version",
      header: "Latest version",
      cell: (environment) => environment.version,
      value: (environment) => environment.version,
      width: 130,
    },
    {
      id: "packages",
      header: "Packages",
      cell: (environment) => <Cut text={packageText(environment) || "–"} />,
      value: (environment) => packagesOf(environment.definition).length,
      width: 320,
    },
    timeColumn("created", "Registered", (environment) => environment.created_at || null),
  ];
}

/** Whose an environment is: of this workspace, or one of those that exist without being registered. */
export function MadeBy({ curated }: { curated: boolean }) {
  if (!curated) return <>This workspace</>;
  return (
    <Badge appearance="tint" color="brand" title="Exists without being registered: current packages of its kind">
      Curated
    </Badge>
  );
}

/** Every environment of the workspace with its newest version, its own before the curated ones. */
export function EnvironmentList({ ws }: { ws: string }) {
  const query = useQuery(environmentsQuery(ws));
  const shown = useMemo(() => columns(ws), [ws]);
  const own = query.data?.some((environment) => !environment.curated);
  return (
    <>
      <QueryTable
        label="Environments"
        query={query}
        searched={nameOf}
        columns={shown}
        rowId={nameOf}
        storageKey="environments"
        initialSort={{ id: "curated", desc: false }}
        none={{
          icon: <LayerDiagonal24Regular />,
          title: "No environments yet",
          hint: "Register the packages that scripts and services need.",
        }}
      />
      {own === false ? (
        <div style={{ flexShrink: 0 }}>
          <CodeBlock snippets={[{ title: "Register one of your own", code: registerEnvironment(ws) }]} />
        </div>
      ) : null}
    </>
  );
}
