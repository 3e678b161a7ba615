import { makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { lineageQuery } from "../../api/lineage";
import { isTerminal } from "../../api/runs";
import type { LoggedModel, Run } from "../../api/types";
import { metric } from "../../format/number";
import { AppLink } from "../AppLink";
import { Card } from "../Card";
import { ErrorState } from "../States";
import { useWorkspace } from "../WorkspaceContext";
import { Datasets } from "./Datasets";
import { LoggedModelStatus } from "./LoggedModelStatus";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "10px" },
  head: { display: "flex", flexWrap: "wrap", justifyContent: "space-between", columnGap: "8px" },
  more: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, overflowWrap: "anywhere" },
});

const LIVE_MS = 5000;

/** What the run read and made: data sets, and models that MLflow logged. */
export function RunLineage({ ws, run }: { ws: string; run: Run }) {
  const query = useQuery({ ...lineageQuery(ws, run.id), refetchInterval: isTerminal(run.status) ? false : LIVE_MS });
  if (query.error) return <ErrorState error={query.error} what="What the run read and made could not be read." />;
  if (!query.data) return null;
  const { datasets, inputs, outputs } = query.data;
  return (
    <>
      <LoggedModels title="Logged models" models={outputs} />
      <LoggedModels title="Models it read" models={inputs.map((model) => ({ model, step: 0 }))} />
      <Datasets datasets={datasets} />
    </>
  );
}

const MOST_METRICS = 3;

function LoggedModels({ title, models }: { title: string; models: { model: LoggedModel; step: number }[] }) {
  const styles = useStyles();
  const ws = useWorkspace();
  if (models.length === 0) return null;
  return (
    <Card title={title}>
      <ul className={styles.list}>
        {models.map(({ model, step }) => (
          <li key={model.id}>
            <div className={styles.head}>
              <AppLink to="/ws/$ws/logged-models/$id" params={{ ws, id: model.id }} cut>
                {model.name}
              </AppLink>
              <LoggedModelStatus status={model.status} />
            </div>
            <div className={styles.more}>
              {[step > 0 ? `step ${step}` : "", figures(model)].filter(Boolean).join(" · ")}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The first of a model's metrics, those measured on a named data set before the others. */
function figures(model: LoggedModel): string {
  const sorted = [...model.metrics].sort((a, b) => Number(b.dataset_name !== "") - Number(a.dataset_name !== ""));
  return sorted
    .slice(0, MOST_METRICS)
    .map(({ key, value }) => `${key} ${metric(value)}`)
    .join(" · ");
}
