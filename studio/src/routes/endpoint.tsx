import { ArrowSync20Regular, Delete20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useServiceStream } from "../api/live";
import { deleteService, serviceKeys, serviceQuery } from "../api/services";
import type { Service } from "../api/types";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { HomeCrumb, RoomCrumb } from "../components/crumbs";
import { Consume } from "../components/endpoints/Consume";
import { DataTab } from "../components/endpoints/DataTab";
import { EndpointDetails } from "../components/endpoints/EndpointDetails";
import { EndpointEnvironment } from "../components/endpoints/EndpointEnvironment";
import { MetricsTab } from "../components/endpoints/MetricsTab";
import { ServiceLog } from "../components/endpoints/ServiceLog";
import { TestForm } from "../components/endpoints/TestForm";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { ErrorState } from "../components/States";
import { ServiceStateBadge } from "../components/StatusBadge";

const route = getRouteApi("/ws/$ws/endpoints/$name");

export function EndpointPage() {
  const { ws, name } = route.useParams();
  useServiceStream(ws, name);
  const query = useQuery(serviceQuery(ws, name));
  if (query.error && !query.data) {
    return (
      <Page title={name} crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="endpoints" />]}>
        <ErrorState
          error={query.error}
          what={`The endpoint ${name} could not be read.`}
          retry={() => void query.refetch()}
        />
      </Page>
    );
  }
  if (!query.data) return <LoadingPage />;
  return <LoadedEndpoint ws={ws} service={query.data} />;
}

const TABS = [
  ["details", "Details"],
  ["metrics", "Metrics"],
  ["data", "Data"],
  ["test", "Test"],
  ["consume", "Consume"],
  ["environment", "Environment"],
  ["logs", "Logs"],
] as const;

type TabName = (typeof TABS)[number][0];

function LoadedEndpoint({ ws, service }: { ws: string; service: Service }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const stay = route.useNavigate();
  const notify = useNotify();
  const { tab: wanted } = route.useSearch();
  const tab: TabName = TABS.find(([known]) => known === wanted)?.[0] ?? "details";
  const [deleting, setDeleting] = useState(false);

  const remove = async () => {
    await deleteService(ws, service.name);
    notify.done(`Deleting ${service.name}`);
    await navigate({ to: "/ws/$ws/endpoints", params: { ws } });
    await client.invalidateQueries({ queryKey: serviceKeys.all(ws) });
  };
  return (
    <Page
      title={service.name}
      crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="endpoints" />]}
      aside={<ServiceStateBadge state={service.state} />}
      commands={[
        {
          id: "refresh",
          label: "Refresh",
          icon: <ArrowSync20Regular />,
          onClick: () => void client.invalidateQueries({ queryKey: serviceKeys.all(ws) }),
        },
        { id: "delete", label: "Delete", icon: <Delete20Regular />, onClick: () => setDeleting(true) },
      ]}
      scrolling={tab !== "logs"}
    >
      <PageTabs tabs={TABS} selected={tab} onSelect={(next) => void stay({ search: { tab: next }, replace: true })} />
      {tab === "details" ? <EndpointDetails ws={ws} service={service} /> : null}
      {tab === "metrics" ? <MetricsTab ws={ws} service={service} /> : null}
      {tab === "data" ? <DataTab ws={ws} name={service.name} /> : null}
      {tab === "test" ? <TestForm ws={ws} service={service} /> : null}
      {tab === "consume" ? <Consume ws={ws} service={service} /> : null}
      {tab === "environment" ? <EndpointEnvironment ws={ws} service={service} /> : null}
      {tab === "logs" ? <ServiceLog ws={ws} service={service} /> : null}
      <ConfirmDialog
        open={deleting}
        title={`Delete the endpoint ${service.name}?`}
        action="Delete"
        onConfirm={remove}
        onClose={() => setDeleting(false)}
      >
        It stops answering at once. Its models stay registered.
      </ConfirmDialog>
    </Page>
  );
}
