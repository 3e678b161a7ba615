import { Button, Link, makeStyles } from "@fluentui/react-components";
import { Box24Regular, BoxArrowUp20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { buildsQuery, environmentKeys } from "../../api/environments";
import { useRunStream } from "../../api/live";
import { cancelRun, isTerminal, runKeys, runQuery } from "../../api/runs";
import type { EnvironmentVersion, Run } from "../../api/types";
import { AppLink } from "../AppLink";
import { Card } from "../Card";
import { Columns } from "../Columns";
import { useNotify } from "../notify";
import { Duration, RelativeTime } from "../RelativeTime";
import { RunErrorBar } from "../runs/RunErrorBar";
import { RunStatusBadge } from "../StatusBadge";
import type { Column } from "../table/column";
import { QueryTable } from "../table/QueryTable";
import { BuildLog } from "./BuildLog";
import { Explanation } from "./Explanation";

const LIVE_MS = 3000;

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", minHeight: 0, maxHeight: "300px", flexShrink: 0 },
  head: { display: "flex", alignItems: "center", columnGap: "12px", rowGap: "4px", flexWrap: "wrap" },
  gap: { flex: "1 1 auto" },
});

const idOf = (run: Run) => run.id;
const versionOf = (run: Run) => run.properties["environment_version"];

function columns(onShow: (id: string) => void): Column<Run>[] {
  return [
    {
      id: "build",
      header: "Version",
      cell: (run) => (
        <Link as="button" onClick={() => onShow(run.id)}>
          {`Version ${versionOf(run) ?? ""}`}
        </Link>
      ),
      value: (run) => versionOf(run),
      width: 130,
      card: "title",
    },
    {
      id: "status",
      header: "Status",
      cell: (run) => <RunStatusBadge status={run.status} />,
      value: (run) => run.status,
      width: 130,
      card: "corner",
    },
    {
      id: "created",
      header: "Started",
      cell: (run) => <RelativeTime at={run.created_at} />,
      value: (run) => run.created_at,
      width: 140,
    },
    {
      id: "took",
      header: "With waiting",
      cell: (run) => <Duration from={run.created_at} to={run.end_time} />,
      value: (run) => (run.end_time ?? Date.now()) - run.created_at,
      width: 130,
      align: "end",
    },
    { id: "by", header: "By", cell: (run) => run.created_by || "–", value: (run) => run.created_by, width: 120 },
  ];
}

interface Props {
  ws: string;
  environment: EnvironmentVersion;
  /** The id of the build to look at; the newest, if absent. */
  chosen: string | undefined;
  onChoose: (id: string) => void;
  onBuild: () => void;
}

/** The builds of an environment with their logs, and what the shown version is on the server's machine. */
export function Builds({ ws, environment, chosen, onChoose, onBuild }: Props) {
  const styles = useStyles();
  const query = useQuery({
    ...buildsQuery(ws, environment.name),
    refetchInterval: ({ state }) => (state.data?.some((run) => !isTerminal(run.status)) ? LIVE_MS : false),
  });
  const shown = useMemo(() => columns(onChoose), [onChoose]);
  const build = chosen ?? query.data?.[0]?.id;
  return (
    <Columns
      main={
        <>
          <div className={styles.list}>
            <QueryTable
              label="Builds"
              query={query}
              columns={shown}
              rowId={idOf}
              storageKey="builds"
              initialSort={{ id: "created", desc: true }}
              none={{
                icon: <Box24Regular />,
                title: "Not built from here yet",
                hint: "The first run or endpoint that needs it builds it. Build it before, and nobody waits.",
                start: (
                  <Button appearance="primary" icon={<BoxArrowUp20Regular />} onClick={onBuild}>
                    Build version {environment.version}
                  </Button>
                ),
              }}
            />
          </div>
          {build ? <OneBuild key={build} ws={ws} id={build} name={environment.name} /> : null}
        </>
      }
      side={<Explanation ws={ws} environment={environment} />}
    />
  );
}

/** One build: how far it is, why it failed, and its log while it grows. */
function OneBuild({ ws, id, name }: { ws: string; id: string; name: string }) {
  const styles = useStyles();
  const client = useQueryClient();
  const notify = useNotify();
  useRunStream(ws, id);
  const run = useQuery(runQuery(ws, id)).data;
  const ended = run ? isTerminal(run.status) : undefined;
  useEffect(() => {
    // What the machine has changed with the end of a build: the list, and the explanation beside it.
    if (ended) void client.invalidateQueries({ queryKey: environmentKeys.builds(ws, name) });
    if (ended) void client.invalidateQueries({ queryKey: environmentKeys.explanations(ws, name) });
  }, [client, ended, ws, name]);
  if (!run) return null;
  const cancel = () => {
    cancelRun(ws, id).then(
      (changed) => client.setQueryData(runKeys.detail(ws, id), changed),
      (error: unknown) => notify.failed("The build could not be canceled", error),
    );
  };
  return (
    <Card title={`Build of version ${versionOf(run) ?? ""}`}>
      <div className={styles.head}>
        <RunStatusBadge status={run.status} />
        <span>
          <Duration from={run.created_at} to={run.end_time} />
        </span>
        <AppLink to="/ws/$ws/runs/$id" params={{ ws, id }} search={{ tab: "environment" }}>
          Open the run
        </AppLink>
        <span className={styles.gap} />
        {ended ? null : (
          <Button size="small" disabled={run.status === "CancelRequested"} onClick={cancel}>
            Cancel the build
          </Button>
        )}
      </div>
      {run.waiting_for && !ended ? <span>{run.waiting_for}</span> : null}
      {run.error ? <RunErrorBar ws={ws} run={run} error={run.error} /> : null}
      <BuildLog ws={ws} run={run} />
    </Card>
  );
}
