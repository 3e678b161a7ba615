import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { request } from "../../api/client";
import { endpointQuery, VERSIONS } from "../../api/endpoints";
import { scoringAddress, serviceKeys, servicePath } from "../../api/services";
import type { Service, ServiceSpec } from "../../api/types";
import { revisionText } from "../../format/revision";
import { AppLink } from "../AppLink";
import { Card, Facts } from "../Card";
import { Columns } from "../Columns";
import { CopyText } from "../CopyButton";
import { RelativeTime } from "../RelativeTime";
import { Description } from "../runs/Description";
import { ServiceStateBadge } from "../StatusBadge";
import { TagEditor } from "../TagEditor";
import { DeploymentError } from "./DeploymentError";
import { Steps } from "./Steps";
import { Versions } from "./Versions";

const COMPUTES: Record<string, string> = {
  ACI: "Container on the server (ACI)",
  AKS: "The server's machine (AKS)",
  AKSENDPOINT: "The server's machine, in versions (AKSENDPOINT)",
};

const useStyles = makeStyles({
  none: { color: tokens.colorNeutralForeground3 },
  steps: { display: "flex", flexDirection: "column", rowGap: "8px", minWidth: 0 },
  version: { margin: 0, overflowWrap: "anywhere" },
  models: { display: "flex", flexDirection: "column", rowGap: "6px" },
});

/** How an endpoint was deployed, what it serves, and where. */
export function EndpointDetails({ ws, service }: { ws: string; service: Service }) {
  const client = useQueryClient();
  const change = async (patch: object) => {
    const changed = await request<Service>(servicePath(ws, service.name), { method: "PATCH", json: patch });
    client.setQueryData(serviceKeys.detail(ws, service.name), changed);
  };
  return (
    <>
      {service.error ? <DeploymentError service={service} error={service.error} /> : null}
      <Columns
        main={
          <>
            <ServiceFacts ws={ws} service={service} />
            {service.compute_type === VERSIONS ? <Versions ws={ws} service={service} /> : null}
            <Card title="Models">
              <ServedModels ws={ws} models={service.models} />
            </Card>
          </>
        }
        side={
          <>
            <Card title="Deployment">
              {service.compute_type === VERSIONS ? (
                <VersionSteps ws={ws} service={service} />
              ) : (
                <Steps service={service} />
              )}
            </Card>
            <Card title="Tags">
              <TagEditor tags={service.tags} onChange={change} />
            </Card>
            <Card title="Description">
              <Description text={service.description} onChange={(description) => change({ description })} />
            </Card>
          </>
        }
      />
    </>
  );
}

/** The steps of each version, the newest first. */
function VersionSteps({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const versions = useQuery(endpointQuery(ws, service.name, service.updated_at)).data?.versions ?? [];
  return versions.toReversed().map((version) => (
    <section key={version.name} className={styles.steps} aria-label={`Deployment of ${version.name}`}>
      <Text as="h3" weight="semibold" className={styles.version}>
        {version.name}
      </Text>
      <Steps service={version.service} />
    </section>
  ));
}

function ServiceFacts({ ws, service }: { ws: string; service: Service }) {
  const spec = (service.spec ?? null) as ServiceSpec | null;
  const environment = spec?.environment_name;
  const address = scoringAddress(service, window.location.origin);
  return (
    <Card title="Details">
      <Facts
        facts={[
          ["State", <ServiceStateBadge key="state" state={service.state} />],
          address && ["Address", <CopyText key="uri" text={address} what="the scoring address" />],
          ["Compute", COMPUTES[service.compute_type] ?? service.compute_type],
          spec?.cpus != null && ["CPU cores", spec.cpus],
          spec?.memory_gb != null && ["Memory", `${spec.memory_gb} GB`],
          ["Authentication", service.auth_enabled ? "Key" : service.token_auth_enabled ? "Token" : "None"],
          ["Revision", revisionText(service)],
          ["Created", <RelativeTime key="created" at={service.created_at} />],
          ["Changed", <RelativeTime key="updated" at={service.updated_at} />],
          service.heartbeat_at != null && ["Last heard of", <RelativeTime key="beat" at={service.heartbeat_at} />],
          spec && ["Entry script", spec.entry_script],
          environment && [
            "Environment",
            <AppLink key="environment" to="/ws/$ws/environments/$name" params={{ ws, name: environment }}>
              {spec.environment_version ? `${environment}:${spec.environment_version}` : environment}
            </AppLink>,
          ],
          service.created_by && ["Created by", service.created_by],
        ]}
      />
    </Card>
  );
}

function ServedModels({ ws, models }: { ws: string; models: string[] }) {
  const styles = useStyles();
  if (models.length === 0) return <Text className={styles.none}>This endpoint serves no registered model.</Text>;
  return (
    <div className={styles.models}>
      {models.map((id) => {
        const at = id.lastIndexOf(":");
        return (
          <AppLink
            key={id}
            to="/ws/$ws/models/$name/$version"
            params={{ ws, name: id.slice(0, at), version: id.slice(at + 1) }}
          >
            {id}
          </AppLink>
        );
      })}
    </div>
  );
}
