import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useRunListStream } from "../api/live";
import { modelsQuery } from "../api/models";
import { recentRunsQuery } from "../api/runs";
import { servicesQuery } from "../api/services";
import { serverQuery } from "../api/workspaces";
import { AppLink } from "../components/AppLink";
import { Card } from "../components/Card";
import { Columns } from "../components/Columns";
import { GettingStarted } from "../components/GettingStarted";
import { RowList } from "../components/home/RowList";
import { Page } from "../components/Page";
import { RelativeTime } from "../components/RelativeTime";
import { ExperimentLink } from "../components/runs/columns";
import { RunLink } from "../components/runs/RunName";
import { RunStatusBadge, ServiceStateBadge } from "../components/StatusBadge";

const route = getRouteApi("/ws/$ws");

const useStyles = makeStyles({
  none: { color: tokens.colorNeutralForeground3 },
  foot: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

const SHOWN = 8;

export function Home() {
  const styles = useStyles();
  const { ws } = route.useParams();
  useRunListStream(ws);
  const server = useQuery(serverQuery()).data;
  return (
    <Page title={ws} over="Workspace" scrolling>
      <Columns
        main={
          <>
            <RecentRuns ws={ws} />
            <Card title="Get started">
              <GettingStarted />
            </Card>
          </>
        }
        side={
          <>
            <RecentEndpoints ws={ws} />
            <RecentModels ws={ws} />
            {server ? (
              <Text className={styles.foot}>
                Zaffre {server.version}
                {server.home ? ` · data in ${server.home}` : ""}
              </Text>
            ) : null}
          </>
        }
      />
    </Page>
  );
}

interface RecentProps {
  title: string;
  all: ReactNode;
  query: { isPending: boolean; error: Error | null };
  rows: { key: string; main: ReactNode; detail: ReactNode; state: ReactNode; at: number }[];
  none: string;
}

function Recent({ title, all, query, rows, none }: RecentProps) {
  const styles = useStyles();
  return (
    <Card title={title} actions={all}>
      {!query.isPending && !query.error && rows.length === 0 ? (
        <Text className={styles.none}>{none}</Text>
      ) : (
        <RowList
          pending={query.isPending}
          error={query.error}
          rows={rows.map((row) => ({ ...row, time: <RelativeTime at={row.at} /> }))}
        />
      )}
    </Card>
  );
}

function RecentRuns({ ws }: { ws: string }) {
  const query = useQuery(recentRunsQuery(ws, SHOWN));
  return (
    <Recent
      title="Recent runs"
      all={
        <AppLink to="/ws/$ws/runs" params={{ ws }}>
          All runs
        </AppLink>
      }
      query={query}
      none="No runs yet. The snippet below makes the first."
      rows={(query.data ?? []).map((run) => ({
        key: run.id,
        main: <RunLink run={run} />,
        detail: <ExperimentLink name={run.experiment_name} />,
        state: <RunStatusBadge status={run.status} />,
        at: run.start_time ?? run.created_at,
      }))}
    />
  );
}

function RecentModels({ ws }: { ws: string }) {
  const query = useQuery(modelsQuery(ws));
  const newest = [...(query.data ?? [])].sort((a, b) => b.created_at - a.created_at).slice(0, SHOWN - 2);
  return (
    <Recent
      title="Models"
      all={
        <AppLink to="/ws/$ws/models" params={{ ws }}>
          All models
        </AppLink>
      }
      query={query}
      none="No models yet. Register the output of a run."
      rows={newest.map((model) => ({
        key: model.name,
        main: (
          <AppLink to="/ws/$ws/models/$name" params={{ ws, name: model.name }} cut>
            {model.name}
          </AppLink>
        ),
        detail: null,
        state: `Version ${model.version}`,
        at: model.created_at,
      }))}
    />
  );
}

function RecentEndpoints({ ws }: { ws: string }) {
  const query = useQuery(servicesQuery(ws));
  return (
    <Recent
      title="Endpoints"
      all={
        <AppLink to="/ws/$ws/endpoints" params={{ ws }}>
          All endpoints
        </AppLink>
      }
      query={query}
      none="No endpoints yet. Deploy a registered model."
      rows={(query.data ?? []).slice(0, SHOWN - 2).map((service) => ({
        key: service.name,
        main: (
          <AppLink to="/ws/$ws/endpoints/$name" params={{ ws, name: service.name }} cut>
            {service.name}
          </AppLink>
        ),
        detail: null,
        state: <ServiceStateBadge state={service.state} />,
        at: service.updated_at,
      }))}
    />
  );
}
