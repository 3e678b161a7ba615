import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Spinner } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import { modelsOfRunQuery } from "../../api/models";
import { isTerminal, patchRun, runKeys, runSpecQuery } from "../../api/runs";
import type { Run } from "../../api/types";
import { argumentPairs } from "../../format/arguments";
import { NOTE_TAG, noteOf } from "../../format/note";
import { AppLink } from "../AppLink";
import { Card, Facts, type Fact } from "../Card";
import { Columns } from "../Columns";
import { CopyText } from "../CopyButton";
import { Duration, RelativeTime } from "../RelativeTime";
import { RunStatusBadge } from "../StatusBadge";
import { TagEditor } from "../TagEditor";
import { RunLineage } from "../lineage/RunLineage";
import { Description } from "./Description";
import { PairTable } from "./PairTable";
import { RunById } from "./RunById";
import { RunErrorBar } from "./RunErrorBar";
import { StateHistory } from "./StateHistory";

const useStyles = makeStyles({
  models: { display: "flex", flexDirection: "column", rowGap: "6px" },
});

const GIT: [string, string][] = [
  ["azureml.git.repository_uri", "Repository"],
  ["azureml.git.branch", "Branch"],
  ["azureml.git.commit", "Commit"],
  ["azureml.git.dirty", "Uncommitted changes"],
];

/** Git has a card of its own (MLflow's names say the same again), the snapshot a line among the details. */
const SHOWN_ELSEWHERE = /^(azureml\.git\.|mlflow\.source\.git\.|ContentSnapshotId$)/;

/** What a run is, how it went, and what it came from. */
export function Overview({ ws, run }: { ws: string; run: Run }) {
  const client = useQueryClient();
  const change = async (patch: Parameters<typeof patchRun>[2]) => {
    const changed = await patchRun(ws, run.id, patch);
    client.setQueryData(runKeys.detail(ws, run.id), changed);
  };
  const git: Fact[] = GIT.flatMap(([key, label]) => {
    const value = run.properties[key];
    return value ? [[label, value === "True" ? "Yes" : value === "False" ? "No" : value] as Fact] : [];
  });
  const properties = Object.entries(run.properties).filter(([key]) => !SHOWN_ELSEWHERE.test(key));
  return (
    <>
      {run.error ? <RunErrorBar ws={ws} run={run} error={run.error} /> : null}
      {run.waiting_for && !isTerminal(run.status) ? (
        <MessageBar intent="info" layout="multiline" icon={<Spinner size="extra-tiny" />}>
          <MessageBarBody>
            <MessageBarTitle>Waiting</MessageBarTitle>
            {run.waiting_for}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      <Columns
        main={
          <>
            <RunFacts ws={ws} run={run} />
            <Parameters ws={ws} run={run} />
            {properties.length > 0 ? (
              <Card title="Properties">
                <PairTable label="Properties" values={Object.fromEntries(properties)} none="" />
              </Card>
            ) : null}
          </>
        }
        side={
          <>
            <Card title="State history">
              <StateHistory ws={ws} run={run} />
            </Card>
            <Card title="Tags">
              <TagEditor tags={run.tags} onChange={change} />
            </Card>
            <RunModels ws={ws} run={run} />
            <RunLineage ws={ws} run={run} />
            <Card title="Description">
              <RunDescription run={run} onChange={change} />
            </Card>
            {git.length > 0 ? (
              <Card title="Git">
                <Facts facts={git} />
              </Card>
            ) : null}
          </>
        }
      />
    </>
  );
}

interface DescriptionProps {
  run: Run;
  onChange: (patch: Parameters<typeof patchRun>[2]) => Promise<unknown>;
}

/** MLflow's clients read the tag, Zaffre's the description: both say the same once it was edited here. */
function RunDescription({ run, onChange }: DescriptionProps) {
  const change = (description: string) => onChange({ description, tags: { [NOTE_TAG]: description } });
  return <Description text={noteOf(run)} onChange={change} />;
}

/** What a submitted run executes; an interactive run has no such thing. */
function useSpec(ws: string, run: Run) {
  return useQuery({ ...runSpecQuery(ws, run.id), enabled: run.target != null }).data;
}

/** What the run logged as parameters, and the arguments its script was given. */
function Parameters({ ws, run }: { ws: string; run: Run }) {
  const spec = useSpec(ws, run);
  const given = useMemo(() => argumentPairs(spec?.arguments ?? []), [spec]);
  const logged = Object.keys(run.params).length > 0;
  return (
    <>
      {given.length > 0 ? (
        <Card title="Arguments">
          <PairTable label="Arguments" values={Object.fromEntries(given)} none="" />
        </Card>
      ) : null}
      {logged || given.length === 0 ? (
        <Card title="Parameters">
          <PairTable label="Parameters" values={run.params} none="This run logged no parameters." />
        </Card>
      ) : null}
    </>
  );
}

function RunFacts({ ws, run }: { ws: string; run: Run }) {
  const spec = useSpec(ws, run);
  const environment = spec?.environment_name;
  const command = spec ? (spec.command ?? [spec.script, ...spec.arguments].filter(Boolean).join(" ")) : null;
  return (
    <Card title="Details">
      <Facts
        facts={[
          ["Status", <RunStatusBadge key="status" status={run.status} />],
          ["Created", <RelativeTime key="created" at={run.created_at} />],
          run.start_time != null && ["Started", <RelativeTime key="start" at={run.start_time} />],
          run.end_time != null && ["Ended", <RelativeTime key="end" at={run.end_time} />],
          run.start_time != null && ["Duration", <Duration key="duration" from={run.start_time} to={run.end_time} />],
          run.start_time != null &&
            run.target != null && ["Waited before", <Duration key="w" from={run.created_at} to={run.start_time} />],
          ["Compute", run.target ?? "Not submitted: logged from the caller's own process"],
          command && ["Command", <CopyText key="command" text={command} what="the command" />],
          environment && [
            "Environment",
            <AppLink
              key="environment"
              to="/ws/$ws/environments/$name"
              params={{ ws, name: environment }}
              search={spec.environment_version ? { version: spec.environment_version } : {}}
            >
              {spec.environment_version ? `${environment}:${spec.environment_version}` : environment}
            </AppLink>,
          ],
          ["Run ID", <CopyText key="id" text={run.id} what="the run ID" />],
          run.snapshot_id != null && [
            "Code snapshot",
            <CopyText key="snapshot" text={run.snapshot_id} what="the snapshot ID" />,
          ],
          run.parent_id != null && ["Parent run", <RunById key="parent" id={run.parent_id} />],
          run.created_by !== "" && ["Created by", run.created_by],
        ]}
      />
    </Card>
  );
}

function RunModels({ ws, run }: { ws: string; run: Run }) {
  const styles = useStyles();
  const models = useQuery(modelsOfRunQuery(ws, run.id)).data;
  if (!models || models.length === 0) return null;
  return (
    <Card title="Registered models">
      <div className={styles.models}>
        {models.map((model) => (
          <AppLink
            key={`${model.name}:${model.version}`}
            to="/ws/$ws/models/$name/$version"
            params={{ ws, name: model.name, version: String(model.version) }}
          >
            {model.name}:{model.version}
          </AppLink>
        ))}
      </div>
    </Card>
  );
}
