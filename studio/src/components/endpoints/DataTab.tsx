import {
  Button,
  Link,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Skeleton,
  SkeletonItem,
} from "@fluentui/react-components";
import { ArrowDownload20Regular, Database24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { collectedFileUrl, collectedQuery, collectedZipUrl } from "../../api/collected";
import type { CollectedData, CollectedFile } from "../../api/types";
import { bytes, count, counted } from "../../format/number";
import { readCollected, switchCollectionOn } from "../../format/snippets";
import { Card, Facts } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { RelativeTime } from "../RelativeTime";
import { EmptyState, ErrorState } from "../States";
import { sizeColumn, timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { DataTable } from "../table/DataTable";

const useStyles = makeStyles({
  cards: { display: "flex", flexDirection: "column", rowGap: "12px", minWidth: 0 },
});

/** What an endpoint has collected of its inputs and predictions. */
export function DataTab({ ws, name }: { ws: string; name: string }) {
  const query = useQuery(collectedQuery(ws, name));
  if (query.error && !query.data) {
    const again = () => void query.refetch();
    return <ErrorState error={query.error} what="The collected data could not be read." retry={again} />;
  }
  if (!query.data) {
    return (
      <Skeleton aria-label="Loading collected data">
        <SkeletonItem style={{ height: 160 }} />
      </Skeleton>
    );
  }
  return query.data.file_count === 0 ? <Nothing found={query.data} /> : <Collected ws={ws} found={query.data} />;
}

function Nothing({ found }: { found: CollectedData }) {
  return found.enabled ? (
    <EmptyState
      icon={<Database24Regular />}
      title="Nothing collected yet"
      hint="The first rows stand here about a minute after the first request whose script calls collect()."
    />
  ) : (
    <EmptyState
      icon={<Database24Regular />}
      title="Data collection is off"
      hint="Deployed with collect_model_data=True, this endpoint keeps the inputs and predictions that its script collects."
    >
      <CodeBlock snippets={[{ title: "Switch it on", code: switchCollectionOn(found.service) }]} />
    </EmptyState>
  );
}

function Collected({ ws, found }: { ws: string; found: CollectedData }) {
  const styles = useStyles();
  const hidden = found.file_count - found.files.length;
  return (
    <div className={styles.cards}>
      {found.enabled ? null : (
        <MessageBar intent="info">
          <MessageBarBody>Data collection is off now: these files are from an earlier revision.</MessageBarBody>
        </MessageBar>
      )}
      <Card
        title="Collected data"
        actions={
          <Button as="a" href={collectedZipUrl(ws, found.service)} icon={<ArrowDownload20Regular />}>
            Download all
          </Button>
        }
      >
        <Facts
          facts={[
            ["Rows", count(found.rows)],
            ["Files", count(found.file_count)],
            ["Size", bytes(found.size)],
            found.last_written_at != null && ["Last written", <RelativeTime key="at" at={found.last_written_at} />],
            ["Datastore", found.datastore],
            ["Folder", found.path],
          ]}
        />
      </Card>
      <CodeBlock
        snippets={[
          { title: "Python", code: readCollected(ws, found.service) },
          { title: "Shell", code: `zaffre service data ${found.service} --workspace ${ws} --to ${found.service}.csv` },
        ]}
      />
      <DataTable
        label="Files of collected data"
        rows={found.files}
        columns={columns(ws)}
        rowId={(file) => `${file.datastore}/${file.path}`}
        empty={null}
        storageKey="collected"
        initialSort={{ id: "written", desc: true }}
      />
      {hidden > 0 ? (
        <MessageBar intent="info">
          <MessageBarBody>
            {counted(hidden, "older file")} more: download all, or read them with the SDK.
          </MessageBarBody>
        </MessageBar>
      ) : null}
    </div>
  );
}

function columns(ws: string): Column<CollectedFile>[] {
  return [
    {
      id: "file",
      header: "File",
      cell: (file) => (
        <Link href={collectedFileUrl(ws, file)} title={file.path}>
          {file.path.slice(file.path.lastIndexOf("/") + 1)}
        </Link>
      ),
      value: (file) => file.path,
      width: 300,
      card: "title",
    },
    {
      id: "model",
      header: "Model",
      cell: (file) => (file.version === "default" ? file.model : `${file.model}:${file.version}`),
      value: (file) => `${file.model}:${file.version}`,
      width: 180,
    },
    {
      id: "designation",
      header: "Designation",
      cell: (file) => file.designation,
      value: (file) => file.designation,
      width: 120,
    },
    {
      id: "rows",
      header: "Rows",
      cell: (file) => count(file.rows),
      value: (file) => file.rows,
      width: 90,
      align: "end",
    },
    sizeColumn((file) => file.size),
    timeColumn("written", "Written", (file) => file.written_at),
  ];
}
