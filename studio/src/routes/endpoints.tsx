import { makeStyles } from "@fluentui/react-components";
import { ArrowSync20Regular, CloudFlow24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { servicesQuery } from "../api/services";
import type { Service } from "../api/types";
import { AppLink } from "../components/AppLink";
import { CodeBlock } from "../components/CodeBlock";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { RelativeTime } from "../components/RelativeTime";
import { SearchBox } from "../components/SearchBox";
import { EmptyState, ErrorState } from "../components/States";
import { ServiceStateBadge } from "../components/StatusBadge";
import type { Column } from "../components/table/column";
import { DataTable } from "../components/table/DataTable";
import { deployModel } from "../format/snippets";

const route = getRouteApi("/ws/$ws/endpoints");

const useStyles = makeStyles({ search: { maxWidth: "480px", flexShrink: 0 } });

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
      width: 110,
    },
    {
      id: "uri",
      header: "Address",
      cell: (service) => service.scoring_uri ?? "–",
      value: (service) => service.scoring_uri,
      width: 260,
    },
    {
      id: "updated",
      header: "Changed",
      cell: (service) => <RelativeTime at={service.updated_at} />,
      value: (service) => service.updated_at,
      width: 150,
    },
  ];
}

export function Endpoints() {
  const styles = useStyles();
  const { ws } = route.useParams();
  const [text, setText] = useState("");
  const query = useQuery({ ...servicesQuery(ws), refetchInterval: REFRESH_MS });
  const shown = useMemo(() => columns(ws), [ws]);
  const rows = useMemo(
    () => query.data?.filter((service) => service.name.includes(text.trim().toLowerCase())),
    [query.data, text],
  );
  const none = query.data?.length === 0;
  return (
    <Page
      title="Endpoints"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <SearchBox
        className={styles.search}
        label="Search endpoints"
        placeholder="Search names"
        value={text}
        onSearch={setText}
      />
      {query.error ? (
        <ErrorState error={query.error} what="The endpoints could not be listed." retry={() => void query.refetch()} />
      ) : (
        <DataTable
          label="Endpoints"
          rows={rows}
          columns={shown}
          rowId={(service) => service.name}
          storageKey="endpoints"
          initialSort={{ id: "updated", desc: true }}
          empty={
            <EmptyState
              icon={<CloudFlow24Regular />}
              title={none ? "No endpoints yet" : "No endpoint matches"}
              hint={none ? "Deploy a model as a web service from Python." : "Change or clear the search."}
            >
              {none ? <CodeBlock snippets={[{ title: "Deploy", code: deployModel(ws, "my-model", 1) }]} /> : null}
            </EmptyState>
          }
        />
      )}
    </Page>
  );
}
