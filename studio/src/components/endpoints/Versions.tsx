import { Badge, Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { ArrowUndo16Regular, Edit16Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { endpointQuery, setTraffic } from "../../api/endpoints";
import { serviceKeys } from "../../api/services";
import { serviceMetricsQuery } from "../../api/telemetry";
import type { EndpointVersion, Service } from "../../api/types";
import { sharesText } from "../../format/traffic";
import { AppLink } from "../AppLink";
import { Card } from "../Card";
import { useNotify } from "../notify";
import { ServiceStateBadge } from "../StatusBadge";
import { DeploymentError } from "./DeploymentError";
import { Shadow } from "./Shadow";
import { requestsText } from "./telemetry";
import { TrafficDialog } from "./TrafficDialog";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", rowGap: "16px", margin: 0, padding: 0, listStyle: "none" },
  version: { display: "flex", flexDirection: "column", rowGap: "4px", minWidth: 0 },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "8px", rowGap: "4px" },
  name: { fontWeight: tokens.fontWeightSemibold, overflowWrap: "anywhere" },
  share: { marginLeft: "auto", fontVariantNumeric: "tabular-nums", fontWeight: tokens.fontWeightSemibold },
  track: {
    height: "6px",
    borderRadius: tokens.borderRadiusMedium,
    background: tokens.colorNeutralBackground5,
    overflow: "hidden",
  },
  bar: { height: "100%", background: tokens.colorCompoundBrandBackground },
  foot: { display: "flex", flexWrap: "wrap", columnGap: "12px", rowGap: "2px", alignItems: "baseline" },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere", fontVariantNumeric: "tabular-nums" },
  undo: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "8px" },
});

/** How far back the versions' requests are counted. */
const COUNTED_SECONDS = 900;

/** The versions of an endpoint, what each gets of the traffic, and where their answers differ. */
export function Versions({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const query = useQuery(endpointQuery(ws, service.name, service.updated_at));
  const [editing, setEditing] = useState(false);
  const traffic = useTraffic(ws, service.name);
  const endpoint = query.data;
  if (!endpoint) return null;
  const { versions } = endpoint;
  const before = traffic.before;
  return (
    <>
      <Card
        title="Versions and traffic"
        actions={
          <Button
            appearance="subtle"
            size="small"
            icon={<Edit16Regular />}
            title={versions.length < 2 ? "The only version gets all requests" : undefined}
            disabledFocusable={versions.length < 2}
            onClick={() => setEditing(true)}
          >
            Edit traffic
          </Button>
        }
      >
        <ul className={styles.list}>
          {versions.map((version) => (
            <Version key={version.name} ws={ws} endpoint={service.name} version={version} />
          ))}
        </ul>
        {before ? <Undo before={before} busy={traffic.busy} onUndo={() => void traffic.undo(before)} /> : null}
        {editing ? (
          <TrafficDialog
            name={service.name}
            versions={versions}
            onSubmit={async (shares) => {
              await traffic.change(shares, sharesOf(versions));
              setEditing(false);
            }}
            onClose={() => setEditing(false)}
          />
        ) : null}
      </Card>
      <Shadow ws={ws} endpoint={endpoint} />
    </>
  );
}

/** The way back from the last change of the traffic. */
function Undo({ before, busy, onUndo }: { before: Record<string, number>; busy: boolean; onUndo: () => void }) {
  const styles = useStyles();
  return (
    <div className={styles.undo}>
      <Text size={200} className={styles.quiet}>{`Before: ${sharesText(before)}`}</Text>
      <Button appearance="subtle" size="small" icon={<ArrowUndo16Regular />} disabled={busy} onClick={onUndo}>
        Undo
      </Button>
    </div>
  );
}

function sharesOf(versions: EndpointVersion[]): Record<string, number> {
  return Object.fromEntries(versions.map((version) => [version.name, version.traffic_percentile]));
}

/** Moves traffic, and knows the way back from the last move that was made on this page. */
function useTraffic(ws: string, name: string) {
  const client = useQueryClient();
  const notify = useNotify();
  const [before, setBefore] = useState<Record<string, number> | null>(null);
  const [busy, setBusy] = useState(false);
  const change = async (shares: Record<string, number>, former: Record<string, number>) => {
    await setTraffic(ws, name, shares);
    notify.done(`Changed the traffic of ${name}`);
    setBefore(former);
    await client.invalidateQueries({ queryKey: serviceKeys.detail(ws, name) });
  };
  const undo = async (former: Record<string, number>) => {
    setBusy(true);
    try {
      await setTraffic(ws, name, former);
      notify.done(`The traffic of ${name} is as it was`);
      setBefore(null);
    } catch (error) {
      notify.failed("The traffic was not changed back", error);
    }
    setBusy(false);
    await client.invalidateQueries({ queryKey: serviceKeys.detail(ws, name) });
  };
  return { before, busy, change, undo };
}

function Version({ ws, endpoint, version }: { ws: string; endpoint: string; version: EndpointVersion }) {
  const styles = useStyles();
  const { service } = version;
  return (
    <li className={styles.version} aria-label={version.name}>
      <div className={styles.head}>
        <span className={styles.name}>{version.name}</span>
        {version.is_default ? (
          <Badge appearance="tint" color="brand">
            Default
          </Badge>
        ) : null}
        {version.version_type === "Control" ? (
          <Badge appearance="outline" color="informative">
            Control
          </Badge>
        ) : null}
        <ServiceStateBadge state={service.state} />
        <span className={styles.share}>{version.traffic_percentile} %</span>
      </div>
      <div className={styles.track} aria-hidden="true">
        <div className={styles.bar} style={{ width: `${version.traffic_percentile}%` }} />
      </div>
      {service.error ? <DeploymentError service={service} error={service.error} /> : null}
      <Text size={200} className={styles.quiet}>
        {[service.models.join(", "), `revision ${service.revision}`, service.description].filter(Boolean).join(" · ")}
      </Text>
      <div className={styles.foot}>
        <Counted ws={ws} name={service.name} />
        {(["metrics", "logs"] as const).map((tab) => (
          <Text size={200} key={tab}>
            <AppLink
              to="/ws/$ws/endpoints/$name"
              params={{ ws, name: endpoint }}
              search={{ tab, version: version.name }}
            >
              {tab === "metrics" ? "Metrics" : "Log"}
            </AppLink>
          </Text>
        ))}
      </div>
    </li>
  );
}

/** What a version answered lately, copies of requests among it. */
function Counted({ ws, name }: { ws: string; name: string }) {
  const styles = useStyles();
  const { data, error } = useQuery(serviceMetricsQuery(ws, name, COUNTED_SECONDS));
  const text = error
    ? "what it answered could not be read"
    : !data
      ? "…"
      : data.total?.requests
        ? requestsText(data.total)
        : "no requests";
  return (
    <Text size={200} className={styles.quiet} data-counted={name}>
      {`Last 15 minutes: ${text}`}
    </Text>
  );
}
