import { LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentOfRunQuery } from "../../api/environments";
import { isTerminal, runSpecQuery } from "../../api/runs";
import type { EnvironmentUse, Run, ScriptSpec } from "../../api/types";
import { packagesOf } from "../../format/environment";
import { AppLink } from "../AppLink";
import { Card, Facts } from "../Card";
import { Columns } from "../Columns";
import { BuildLog } from "../environments/BuildLog";
import { Packages } from "../environments/Packages";
import { UseFacts } from "../environments/UseFacts";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { RunErrorBar } from "./RunErrorBar";

const LIVE_MS = 3000;

/** The environment of a run: what was asked, what it resolved to, whether it was there already, and why it was built. */
export function EnvironmentTab({ ws, run }: { ws: string; run: Run }) {
  const query = useQuery({
    ...environmentOfRunQuery(ws, run.id),
    refetchInterval: ({ state }) => (state.data === null && !isTerminal(run.status) ? LIVE_MS : false),
  });
  const spec = useQuery({ ...runSpecQuery(ws, run.id), enabled: run.target != null }).data;
  if (query.error) {
    const again = () => void query.refetch();
    return <ErrorState error={query.error} what="The environment could not be read." retry={again} />;
  }
  if (query.data === undefined) return <LoadingPage />;
  if (query.data) return <Prepared ws={ws} run={run} spec={spec} use={query.data} />;
  if (run.target != null) return <Unprepared ws={ws} run={run} spec={spec} />;
  return (
    <EmptyState
      icon={<LayerDiagonal24Regular />}
      title="No environment"
      hint="This run was not submitted: it logs from a process that was there already."
    />
  );
}

interface Props {
  ws: string;
  run: Run;
  spec: ScriptSpec | undefined;
}

function Prepared({ ws, run, spec, use }: Props & { use: EnvironmentUse }) {
  const asked = useMemo(() => packagesOf(spec?.environment), [spec]);
  return (
    <>
      <Columns
        main={use.lock ? <Packages lock={use.lock} asked={asked} /> : <Asked ws={ws} spec={spec} />}
        side={<UseFacts use={use} />}
      />
      <Card title="Build log">
        <BuildLog ws={ws} run={run} />
      </Card>
    </>
  );
}

/** A run whose environment is being prepared, or could not be: what was asked, and what the build said. */
function Unprepared({ ws, run, spec }: Props) {
  return (
    <>
      {run.error ? <RunErrorBar ws={ws} run={run} error={run.error} /> : null}
      <Asked ws={ws} spec={spec} />
      <Card title="Build log">
        <BuildLog ws={ws} run={run} />
      </Card>
    </>
  );
}

function Asked({ ws, spec }: { ws: string; spec: ScriptSpec | undefined }) {
  const asked = useMemo(() => packagesOf(spec?.environment), [spec]);
  if (!spec) return null;
  const { environment_name: name, environment_version: version } = spec;
  return (
    <Card title="Asked for">
      <Facts
        facts={[
          name !== "" && [
            "Environment",
            <AppLink
              key="name"
              to="/ws/$ws/environments/$name"
              params={{ ws, name }}
              search={version ? { version } : {}}
            >
              {version ? `${name}:${version}` : name}
            </AppLink>,
          ],
          ["Packages", asked.join(", ") || "None named"],
        ]}
      />
    </Card>
  );
}
