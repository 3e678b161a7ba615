import { ArrowSync20Regular, Delete20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { endpointQuery, VERSIONS } from "../api/endpoints";
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
import { PartPicker } from "../components/endpoints/PartPicker";
import { ServiceLog } from "../components/endpoints/ServiceLog";
import { TestForm } from "../components/endpoints/TestForm";
import { useNotify } from "../components/notify";
import { Page } from "../components/Page";
import { LoadingPage } from "../components/PageStates";
import { PageTabs } from "../components/PageTabs";
import { ErrorState } from "../components/States";
import { ServiceStateBadge } from "../components/StatusBadge";
import { changed, NO_PLACE } from "../format/address";

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

/** What the endpoint as a whole is, on the tabs that can show one of its versions instead. */
const WHOLE: Partial<Record<TabName, string>> = {
  metrics: "All versions together",
  logs: "The endpoint's router",
};

/** The service that a tab is about: the endpoint, or the version that the address names. */
function usePart(ws: string, service: Service, version: string | undefined, tab: TabName) {
  const query = useQuery({
    ...endpointQuery(ws, service.name, service.updated_at),
    enabled: service.compute_type === VERSIONS,
  });
  const versions = query.data?.versions ?? [];
  // The endpoint itself has no environment: its versions have one each.
  const needed = tab === "environment";
  const chosen = versions.find(({ name }) => name === version) ?? versions.find((one) => needed && one.is_default);
  const pending = (version !== undefined || needed) && query.isLoading;
  return { versions, version: chosen?.name, service: chosen?.service ?? service, pending };
}

interface PartProps {
  ws: string;
  tab: TabName;
  whole: Service;
  /** The endpoint or its version that is looked at. */
  service: Service;
}

function Part({ ws, tab, whole, service }: PartProps) {
  switch (tab) {
    case "details":
      return <EndpointDetails ws={ws} service={whole} />;
    case "metrics":
      return <MetricsTab ws={ws} service={service} called={whole} />;
    case "data":
      return <DataTab ws={ws} name={whole.name} />;
    case "test":
      return <TestForm ws={ws} service={whole} />;
    case "consume":
      return <Consume ws={ws} service={whole} />;
    case "environment":
      return <EndpointEnvironment key={service.name} ws={ws} service={service} />;
    case "logs":
      return <ServiceLog key={service.name} ws={ws} service={service} />;
  }
}

function LoadedEndpoint({ ws, service }: { ws: string; service: Service }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const stay = route.useNavigate();
  const notify = useNotify();
  const search = route.useSearch();
  const tab: TabName = TABS.find(([known]) => known === search.tab)?.[0] ?? "details";
  const part = usePart(ws, service, search.version, tab);
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
      <PageTabs
        tabs={TABS}
        selected={tab}
        onSelect={(next) =>
          void stay({ search: (before) => changed(before, { ...NO_PLACE, tab: next }), replace: true })
        }
      />
      {part.versions.length > 0 && (WHOLE[tab] ?? tab === "environment") ? (
        <PartPicker
          versions={part.versions}
          chosen={part.version}
          whole={WHOLE[tab]}
          onChoose={(version) => void stay({ search: (before) => changed(before, { version }), replace: true })}
        />
      ) : null}
      {part.pending ? <LoadingPage /> : <Part ws={ws} tab={tab} whole={service} service={part.service} />}
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
