import { Badge, Button, Input, Label, makeStyles, Text, tokens, useId } from "@fluentui/react-components";
import { Edit16Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { endpointQuery, setTraffic } from "../../api/endpoints";
import { serviceKeys } from "../../api/services";
import type { EndpointVersion, Service } from "../../api/types";
import { Card } from "../Card";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";
import { ServiceStateBadge } from "../StatusBadge";
import { Shadow } from "./Shadow";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", rowGap: "12px", margin: 0, padding: 0, listStyle: "none" },
  version: { display: "flex", flexDirection: "column", rowGap: "4px", minWidth: 0 },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "8px", rowGap: "4px" },
  name: { fontWeight: tokens.fontWeightSemibold, overflowWrap: "anywhere" },
  share: { marginLeft: "auto", fontVariantNumeric: "tabular-nums" },
  track: {
    height: "6px",
    borderRadius: tokens.borderRadiusMedium,
    background: tokens.colorNeutralBackground5,
    overflow: "hidden",
  },
  bar: { height: "100%", background: tokens.colorBrandBackground },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
  field: { display: "grid", gridTemplateColumns: "minmax(0, 1fr) 112px", alignItems: "center", columnGap: "12px" },
  sum: { fontVariantNumeric: "tabular-nums" },
  wrong: { color: tokens.colorStatusDangerForeground1 },
});

/** The versions of an endpoint, what each gets of the traffic, and where their answers differ. */
export function Versions({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const query = useQuery(endpointQuery(ws, service.name, service.updated_at));
  const [editing, setEditing] = useState(false);
  const endpoint = query.data;
  if (!endpoint) return null;
  return (
    <>
      <Card
        title="Versions and traffic"
        actions={
          <Button
            appearance="subtle"
            size="small"
            icon={<Edit16Regular />}
            disabled={endpoint.versions.length < 2}
            onClick={() => setEditing(true)}
          >
            Edit traffic
          </Button>
        }
      >
        <ul className={styles.list}>
          {endpoint.versions.map((version) => (
            <Version key={version.name} version={version} />
          ))}
        </ul>
        {editing ? (
          <TrafficDialog ws={ws} name={service.name} versions={endpoint.versions} onClose={() => setEditing(false)} />
        ) : null}
      </Card>
      <Shadow ws={ws} endpoint={endpoint} />
    </>
  );
}

function Version({ version }: { version: EndpointVersion }) {
  const styles = useStyles();
  const { service } = version;
  return (
    <li className={styles.version}>
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
      {service.error ? <Text size={200}>{service.error.message}</Text> : null}
      <Text size={200} className={styles.quiet}>
        {[service.models.join(", "), `revision ${service.revision}`, service.description].filter(Boolean).join(" · ")}
      </Text>
    </li>
  );
}

interface DialogProps {
  ws: string;
  name: string;
  versions: EndpointVersion[];
  onClose: () => void;
}

function TrafficDialog({ ws, name, versions, onClose }: DialogProps) {
  const styles = useStyles();
  const client = useQueryClient();
  const notify = useNotify();
  const id = useId();
  const [shares, setShares] = useState<Record<string, string>>(
    Object.fromEntries(versions.map((version) => [version.name, String(version.traffic_percentile)])),
  );
  const numbers = versions.map((version) =>
    /^\d{1,3}$/.test(shares[version.name] ?? "") ? Number(shares[version.name]) : NaN,
  );
  const sum = numbers.reduce((total, share) => total + share, 0);
  const submit = async () => {
    await setTraffic(
      ws,
      name,
      Object.fromEntries(versions.map((version, index) => [version.name, numbers[index] ?? 0])),
    );
    notify.done(`Changed the traffic of ${name}`);
    onClose();
    await client.invalidateQueries({ queryKey: serviceKeys.detail(ws, name) });
  };
  return (
    <FormDialog
      title={`Traffic of ${name}`}
      action="Change traffic"
      ready={sum === 100}
      onSubmit={submit}
      onClose={onClose}
    >
      {versions.map((version) => (
        <div key={version.name} className={styles.field}>
          <Label htmlFor={`${id}-${version.name}`}>{version.name}</Label>
          <Input
            id={`${id}-${version.name}`}
            type="number"
            min={0}
            max={100}
            value={shares[version.name] ?? ""}
            contentAfter="%"
            onChange={(_, data) => setShares({ ...shares, [version.name]: data.value })}
          />
        </div>
      ))}
      <Text size={200} className={sum === 100 ? styles.sum : styles.wrong} role="status">
        {sum === 100
          ? "Together 100 %. Requests follow at once; those that are being answered stay where they are."
          : `Together ${Number.isNaN(sum) ? "no number" : `${sum} %`}: it must be 100 %.`}
      </Text>
    </FormDialog>
  );
}
