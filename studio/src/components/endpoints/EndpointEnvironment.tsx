import { LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentOfServiceQuery } from "../../api/environments";
import type { Service, ServiceSpec } from "../../api/types";
import { packagesOf } from "../../format/environment";
import { Columns } from "../Columns";
import { Packages } from "../environments/Packages";
import { UseFacts } from "../environments/UseFacts";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { BuildPart } from "./BuildPart";

const LIVE_MS = 3000;

/** The environment that an endpoint's newest revision got, and what its build said. */
export function EndpointEnvironment({ ws, service }: { ws: string; service: Service }) {
  const query = useQuery({
    ...environmentOfServiceQuery(ws, service.name),
    refetchInterval: ({ state }) => (state.data === null && service.state === "deploying" ? LIVE_MS : false),
  });
  const spec = (service.spec ?? null) as ServiceSpec | null;
  const asked = useMemo(() => packagesOf(spec?.environment), [spec]);
  if (query.error) {
    const again = () => void query.refetch();
    return <ErrorState error={query.error} what="The environment could not be read." retry={again} />;
  }
  if (query.data === undefined) return <LoadingPage />;
  const use = query.data;
  return (
    <>
      {use ? (
        <Columns
          main={use.lock ? <Packages lock={use.lock} asked={asked} /> : <UseFacts use={use} />}
          side={use.lock ? <UseFacts use={use} /> : null}
        />
      ) : (
        <EmptyState
          icon={<LayerDiagonal24Regular />}
          title="Not prepared yet"
          hint={
            service.state === "deploying"
              ? "Its packages stand here as soon as the step “environment” is done."
              : "No revision of this endpoint came so far as to have its environment: the log says why."
          }
        />
      )}
      <BuildPart ws={ws} service={service} />
    </>
  );
}
