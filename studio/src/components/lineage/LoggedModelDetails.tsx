import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { loggedModelFilesQuery, modelDescriptionQuery } from "../../api/logged_models";
import { modelsOfRunQuery } from "../../api/models";
import { runQuery } from "../../api/runs";
import type { LoggedModel } from "../../api/types";
import { flavors, signature } from "../../format/model_schema";
import { loadLoggedModel } from "../../format/snippets";
import { AppLink } from "../AppLink";
import { Card, Facts } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { CopyText } from "../CopyButton";
import { RelativeTime } from "../RelativeTime";
import { PairTable } from "../runs/PairTable";
import { ErrorState } from "../States";
import { ObjectTable } from "../table/ObjectTable";
import { ColumnTable } from "./ColumnTable";
import { LoggedModelStatus } from "./LoggedModelStatus";

const useStyles = makeStyles({
  grid: {
    display: "grid",
    gap: "12px",
    gridTemplateColumns: "minmax(0, 3fr) minmax(0, 2fr)",
    alignItems: "start",
    "@media (max-width: 1023px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  column: { display: "flex", flexDirection: "column", rowGap: "12px", minWidth: 0 },
  versions: { display: "flex", flexDirection: "column", rowGap: "6px", minWidth: 0 },
  part: { margin: 0 },
  none: { color: tokens.colorNeutralForeground3 },
});

/** What a logged model is: where it came from, what it takes and gives, and how good it is. */
export function LoggedModelDetails({ ws, model }: { ws: string; model: LoggedModel }) {
  const styles = useStyles();
  const files = useQuery(loggedModelFilesQuery(ws, model.id)).data;
  const described = files?.some(({ path }) => path === "MLmodel") ?? false;
  const description = useQuery({ ...modelDescriptionQuery(ws, model.id), enabled: described });
  const text = description.data ?? "";
  return (
    <div className={styles.grid}>
      <div className={styles.column}>
        <ModelFacts ws={ws} model={model} flavors={flavors(text)} />
        {description.error ? <ErrorState error={description.error} what="MLmodel could not be read." /> : null}
        <SignatureCard text={text} loaded={files !== undefined && (!described || description.data !== undefined)} />
        <CodeBlock snippets={[{ title: "Load", code: loadLoggedModel(ws, window.location.origin, model.id) }]} />
      </div>
      <div className={styles.column}>
        <ModelMetrics model={model} />
        <Card title="Parameters">
          <PairTable label="Parameters" values={model.params} none="No parameters were logged with this model." />
        </Card>
        <RegisteredAs ws={ws} model={model} />
      </div>
    </div>
  );
}

function ModelFacts({ ws, model, flavors: known }: { ws: string; model: LoggedModel; flavors: string[] }) {
  const source = model.source_run_id;
  const run = useQuery({ ...runQuery(ws, source ?? ""), enabled: source != null }).data;
  return (
    <Card title="Details">
      <Facts
        facts={[
          ["Status", <LoggedModelStatus key="status" status={model.status} />],
          model.status_message && ["Reason", model.status_message],
          ["Created", <RelativeTime key="created" at={model.created_at} />],
          source != null && [
            "Source run",
            <AppLink key="run" to="/ws/$ws/runs/$id" params={{ ws, id: source }} cut>
              {run?.display_name || source}
            </AppLink>,
          ],
          run && [
            "Experiment",
            <AppLink key="experiment" to="/ws/$ws/experiments/$name" params={{ ws, name: run.experiment_name }} cut>
              {run.experiment_name}
            </AppLink>,
          ],
          model.model_type && ["Type", model.model_type],
          known.length > 0 && ["Flavors", known.join(", ")],
          ["Model ID", <CopyText key="id" text={model.id} what="the model ID" />],
        ]}
      />
    </Card>
  );
}

const PARTS = [
  ["inputs", "Inputs"],
  ["outputs", "Outputs"],
  ["params", "Inference parameters"],
] as const;

function SignatureCard({ text, loaded }: { text: string; loaded: boolean }) {
  const styles = useStyles();
  const known = useMemo(() => signature(text), [text]);
  if (!loaded) return null;
  return (
    <Card title="Signature">
      {known ? null : (
        <Text className={styles.none}>
          The model was logged without a signature. Pass input_example or signature to log_model to have one.
        </Text>
      )}
      {PARTS.map(([name, label]) =>
        known && known[name].length > 0 ? (
          <div key={name}>
            <Text as="h3" weight="semibold" className={styles.part}>
              {label}
            </Text>
            <ColumnTable label={label} columns={known[name]} />
          </div>
        ) : null,
      )}
    </Card>
  );
}

function ModelMetrics({ model }: { model: LoggedModel }) {
  const styles = useStyles();
  const rows = model.metrics.map(({ key, value, dataset_name, step }) => ({
    metric: key,
    value,
    "data set": dataset_name || null,
    step,
  }));
  return (
    <Card title="Metrics">
      {rows.length > 0 ? (
        <ObjectTable label="Metrics of the model" rows={rows} storageKey="logged-model-metrics" />
      ) : (
        <Text className={styles.none}>No metrics were logged for this model.</Text>
      )}
    </Card>
  );
}

function RegisteredAs({ ws, model }: { ws: string; model: LoggedModel }) {
  const styles = useStyles();
  const source = model.source_run_id;
  const query = useQuery({ ...modelsOfRunQuery(ws, source ?? ""), enabled: source != null });
  const versions = query.data?.filter((version) => version.logged_model_id === model.id) ?? [];
  return (
    <Card title="Registered as">
      {versions.length === 0 ? <Text className={styles.none}>Not registered.</Text> : null}
      <div className={styles.versions}>
        {versions.map(({ name, version }) => (
          <AppLink
            key={`${name}:${version}`}
            to="/ws/$ws/models/$name/$version"
            params={{ ws, name, version: String(version) }}
            cut
          >
            {name}:{version}
          </AppLink>
        ))}
      </div>
    </Card>
  );
}
