import {
  Dropdown,
  Label,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Option,
  Skeleton,
  SkeletonItem,
  Text,
  tokens,
  useId,
} from "@fluentui/react-components";
import { DataTrending24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { scoringAddress } from "../../api/services";
import { serviceMetricsQuery } from "../../api/telemetry";
import type { Service, ServiceMetrics } from "../../api/types";
import { callWithCurl, callWithSdk } from "../../format/snippets";
import { requestsText, TELEMETRY_CHARTS } from "./telemetry";
import { CodeBlock } from "../CodeBlock";
import { EmptyState, ErrorState } from "../States";
import { useSampleBody } from "./sample";
import { TelemetryChart } from "./TelemetryChart";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "16px", rowGap: "8px", flexShrink: 0 },
  field: { display: "flex", alignItems: "center", columnGap: "8px" },
  range: { minWidth: "148px", width: "148px" },
  summary: { color: tokens.colorNeutralForeground3, fontVariantNumeric: "tabular-nums" },
  charts: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 420px), 1fr))",
    gap: "12px",
    minWidth: 0,
  },
});

const RANGES: readonly (readonly [seconds: number, label: string])[] = [
  [900, "15 minutes"],
  [3600, "1 hour"],
  [6 * 3600, "6 hours"],
  [86_400, "24 hours"],
  [7 * 86_400, "7 days"],
  [30 * 86_400, "30 days"],
];
const KEY = "zaffre.telemetry.range";

function useRange(): [number, (seconds: number) => void] {
  const [seconds, setSeconds] = useState(() => {
    const kept = Number(localStorage.getItem(KEY));
    return RANGES.some(([known]) => known === kept) ? kept : 900;
  });
  const keep = (next: number) => {
    setSeconds(next);
    localStorage.setItem(KEY, String(next));
  };
  return [seconds, keep];
}

interface Props {
  ws: string;
  /** Whose answers are shown: an endpoint's, or those of one of its versions. */
  service: Service;
  /** The endpoint that is called to see some. */
  called?: Service;
}

/** What an endpoint answered and used, live. */
export function MetricsTab({ ws, service, called = service }: Props) {
  const styles = useStyles();
  const label = useId("range");
  const [seconds, setSeconds] = useRange();
  const query = useQuery(serviceMetricsQuery(ws, service.name, seconds));
  const range = RANGES.find(([known]) => known === seconds);
  return (
    <>
      <div className={styles.bar}>
        <div className={styles.field}>
          <Label id={label}>Last</Label>
          <Dropdown
            aria-labelledby={label}
            className={styles.range}
            value={range?.[1] ?? ""}
            selectedOptions={[String(seconds)]}
            onOptionSelect={(_, data) => setSeconds(Number(data.optionValue))}
          >
            {RANGES.map(([value, text]) => (
              <Option key={value} value={String(value)}>
                {text}
              </Option>
            ))}
          </Dropdown>
        </div>
        {query.data?.total?.requests ? <Text className={styles.summary}>{requestsText(query.data.total)}</Text> : null}
      </div>
      {query.error ? (
        <ErrorState error={query.error} what="The metrics could not be read." retry={() => void query.refetch()} />
      ) : null}
      {query.data ? (
        <Charts ws={ws} called={called} found={query.data} />
      ) : query.error ? null : (
        <Skeleton aria-label="Loading metrics">
          <SkeletonItem style={{ height: 260 }} />
        </Skeleton>
      )}
    </>
  );
}

function Charts({ ws, called, found }: { ws: string; called: Service; found: ServiceMetrics }) {
  const styles = useStyles();
  if (!found.stored && found.points.length === 0) {
    return (
      <MessageBar intent="info">
        <MessageBarBody>
          Nothing is kept of this endpoint: it was deployed with enable_app_insights=False. Update it with
          enable_app_insights=True to see its requests, errors and latency here.
        </MessageBarBody>
      </MessageBar>
    );
  }
  // Without requests only what the endpoint takes of the machine is worth a look.
  const charts = TELEMETRY_CHARTS.filter((chart) => found.total?.requests || chart.isUse);
  return (
    <>
      {found.total?.requests ? null : <FirstRequest ws={ws} service={called} />}
      {found.points.length > 0 ? (
        <div className={styles.charts}>
          {charts.map((chart) => (
            <TelemetryChart key={chart.id} chart={chart} found={found} />
          ))}
        </div>
      ) : null}
    </>
  );
}

function FirstRequest({ ws, service }: { ws: string; service: Service }) {
  const [body] = useSampleBody(ws, service.name);
  const uri = scoringAddress(service, window.location.origin);
  return (
    <EmptyState
      icon={<DataTrending24Regular />}
      title="No requests in this time"
      hint={
        uri
          ? "Send one: it is drawn here within seconds. The tab Test does it from this page, too."
          : "Requests are drawn here as soon as the endpoint has started and is called."
      }
    >
      {uri ? (
        <CodeBlock
          snippets={[
            { title: "curl", code: callWithCurl(uri, body, service.auth_enabled) },
            { title: "Azure ML SDK", code: callWithSdk(ws, service.name, body) },
          ]}
        />
      ) : null}
    </EmptyState>
  );
}
