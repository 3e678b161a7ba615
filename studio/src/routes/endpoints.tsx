import { ArrowSync20Regular, CloudFlow24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { scoringAddress, servicesQuery } from "../api/services";
import type { Service } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { ServiceStateBadge } from "../components/StatusBadge";
import type { Column } from "../components/table/column";
import { timeColumn } from "../components/table/cells";
import { Cut } from "../components/table/Cut";
import { QueryTable } from "../components/table/QueryTable";
import { deployModel } from "../format/snippets";

const route = getRouteApi("/ws/$ws/endpoints");

const nameOf = (service: Service) => service.name;

const addressOf = (service: Service) => scoringAddress(service, window.location.origin);

const REFRESH_MS = 5000;

function columns(ws: string): Column<Service>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (service) => (
        <AppLink to="/ws/$ws/endpoints/$name" params={{ ws, name: service.name }} cut>
          {service.name}
        </AppLink>
      ),
      value: (service) => service.name,
      width: 220,
      card: "title",
    },
    {
      id: "state",
      header: "State",
      cell: (service) => <ServiceStateBadge state={service.state} />,
      value: (service) => service.state,
      width: 130,
      card: "corner",
    },
    {
      id: "models",
      header: "Models",
      cell: (service) => service.models.join(", ") || "–",
      value: (service) => service.models.join(", "),
      width: 220,
    },
    {
      id: "compute",
      header: "Compute",
      cell: (service) => service.compute_type,
      value: (service) => service.compute_type,
      width: 150,
    },
    {
      id: "uri",
      header: "Address",
      cell: (service) => <Cut text={addressOf(service) ?? "–"} />,
      value: addressOf,
      width: 320,
    },
    timeColumn("updated", "Changed", (service) => service.updated_at),
  ];
}

export function Endpoints() {
  const { ws } = route.useParams();
  const query = useQuery({ ...servicesQuery(ws), refetchInterval: REFRESH_MS });
  const shown = useMemo(() => columns(ws), [ws]);
  return (
    <Page
      title="Endpoints"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <QueryTable
        label="Endpoints"
        query={query}
        searched={nameOf}
        columns={shown}
        rowId={nameOf}
        storageKey="endpoints"
        initialSort={{ id: "updated", desc: true }}
        none={{
          icon: <CloudFlow24Regular />,
          title: "No endpoints yet",
          hint: "Deploy a model as a web service from Python.",
          start: <CodeBlock snippets={[{ title: "Deploy", code: deployModel(ws, "my-model", 1) }]} />,
        }}
      />
    </Page>
  );
}
