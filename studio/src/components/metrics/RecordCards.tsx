import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";

import { artifactUrl } from "../../api/artifacts";
import { request } from "../../api/client";
import { metricKeys } from "../../api/metrics";
import type { MetricRecord } from "../../api/types";
import { Card } from "../Card";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";
import { ObjectTable } from "../table/ObjectTable";
import { ConfusionMatrix, isConfusionMatrix } from "./ConfusionMatrix";

const useStyles = makeStyles({
  grid: { display: "grid", gap: "12px", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 420px), 1fr))" },
  image: { maxWidth: "100%", maxHeight: "420px", objectFit: "contain", background: "#ffffff" },
  hint: { color: tokens.colorNeutralForeground3 },
  json: { margin: 0, overflow: "auto", maxHeight: "320px", fontSize: tokens.fontSizeBase200 },
});

interface Props {
  ws: string;
  run: string;
  records: readonly MetricRecord[];
  search: string;
}

/** What was logged beside plain numbers, each name in a card. */
export function RecordCards({ ws, run, records, search }: Props) {
  const styles = useStyles();
  const named = useMemo(() => {
    const groups = new Map<string, MetricRecord[]>();
    for (const record of records) {
      if (!record.name.toLowerCase().includes(search.trim().toLowerCase())) continue;
      groups.set(record.name, [...(groups.get(record.name) ?? []), record]);
    }
    return [...groups.entries()];
  }, [records, search]);
  if (named.length === 0) return null;
  return (
    <div className={styles.grid}>
      {named.map(([name, group]) => (
        <Card key={name} title={name}>
          <RecordGroup ws={ws} run={run} records={group} />
        </Card>
      ))}
    </div>
  );
}

function RecordGroup({ ws, run, records }: { ws: string; run: string; records: MetricRecord[] }) {
  const styles = useStyles();
  const last = records[records.length - 1];
  if (!last) return null;
  let body: ReactNode;
  if (last.kind === "image") body = <RecordImage ws={ws} run={run} record={last} />;
  else if (last.kind === "table")
    body = <ObjectTable label={last.name} storageKey={last.name} rows={records.flatMap(rowsOf)} />;
  else if (last.kind === "list")
    body = <ObjectTable label={last.name} storageKey={last.name} rows={records.flatMap(listRows)} />;
  else if (last.kind === "scalar") {
    const rows = records.map(({ step, value }) => ({ step, value }));
    body = <ObjectTable label={last.name} storageKey={last.name} rows={rows} />;
  } else body = <RecordDocument ws={ws} run={run} record={last} />;
  return (
    <>
      {last.description ? <Text className={styles.hint}>{last.description}</Text> : null}
      {body}
    </>
  );
}

type Row = Record<string, unknown>;

/** A table's record is a row, or columns of equal length. */
function rowsOf(record: MetricRecord): Row[] {
  const value = record.value as Record<string, unknown> | null;
  if (!value || typeof value !== "object") return [{ value }];
  const columns = Object.entries(value);
  const length = Math.max(1, ...columns.map(([, cell]) => (Array.isArray(cell) ? cell.length : 1)));
  return Array.from({ length }, (_, i) =>
    Object.fromEntries(columns.map(([name, cell]) => [name, Array.isArray(cell) ? (cell as unknown[])[i] : cell])),
  );
}

function listRows(record: MetricRecord): Row[] {
  return Array.isArray(record.value) ? (record.value as unknown[]).map((value, index) => ({ index, value })) : [];
}

function RecordImage({ ws, run, record }: { ws: string; run: string; record: MetricRecord }) {
  const styles = useStyles();
  return (
    <img
      className={styles.image}
      src={artifactUrl(ws, run, String(record.value), true)}
      alt={record.description || record.name}
      loading="lazy"
    />
  );
}

/** A JSON document among the run's files: a confusion matrix is drawn, the other kinds are shown as they are. */
function RecordDocument({ ws, run, record }: { ws: string; run: string; record: MetricRecord }) {
  const styles = useStyles();
  const path = String(record.value);
  const query = useQuery({
    queryKey: [...metricKeys.all(ws, run), "document", path],
    queryFn: ({ signal }) => request<unknown>(artifactUrl(ws, run, path), { signal }),
    staleTime: Infinity,
  });
  if (query.error) return <ErrorState error={query.error} what={`${path} could not be read.`} />;
  if (query.data === undefined) return <LoadingPage />;
  if (isConfusionMatrix(query.data)) return <ConfusionMatrix document={query.data} />;
  return (
    <pre className={styles.json} tabIndex={0}>
      {JSON.stringify(query.data, null, 2)}
    </pre>
  );
}
