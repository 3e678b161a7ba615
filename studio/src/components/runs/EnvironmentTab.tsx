import { LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentOfRunQuery } from "../../api/environments";
import { isTerminal, runSpecQuery } from "../../api/runs";
import type { EnvironmentUse, Run } from "../../api/types";
import { packagesOf } from "../../format/environment";
import { AppLink } from "../AppLink";
import { Columns } from "../Columns";
import { BUILD_LOG } from "../environments/Uses";
import { Packages } from "../environments/Packages";
import { UseFacts } from "../environments/UseFacts";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";

const LIVE_MS = 3000;

/** The environment that a run really got: what was asked, what it resolved to, whether it was there already. */
export function EnvironmentTab({ ws, run }: { ws: string; run: Run }) {
  const query = useQuery({
    ...environmentOfRunQuery(ws, run.id),
    refetchInterval: ({ state }) => (state.data === null && !isTerminal(run.status) ? LIVE_MS : false),
  });
  if (query.error) {
    const again = () => void query.refetch();
    return <ErrorState error={query.error} what="The environment could not be read." retry={again} />;
  }
  if (query.data === undefined) return <LoadingPage />;
  if (query.data) return <Prepared ws={ws} run={run} use={query.data} />;
  return (
    <EmptyState
      icon={<LayerDiagonal24Regular />}
      title="No environment"
      hint={
        run.target == null
          ? "This run was not submitted: it logs from a process that was there already."
          : isTerminal(run.status)
            ? "This run ended before its environment was prepared."
            : "It is not prepared yet."
      }
    />
  );
}

function Prepared({ ws, run, use }: { ws: string; run: Run; use: EnvironmentUse }) {
  const spec = useQuery({ ...runSpecQuery(ws, run.id), enabled: run.target != null }).data;
  const asked = useMemo(() => packagesOf(spec?.environment), [spec]);
  const log = (
    <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: run.id }} search={{ tab: "files", path: BUILD_LOG }}>
      Open the build log
    </AppLink>
  );
  if (!use.lock) return <UseFacts use={use} />;
  return (
    <Columns
      main={<Packages lock={use.lock} asked={asked} />}
      side={
        <>
          <UseFacts use={use} />
          {log}
        </>
      }
    />
  );
}
