import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { modelKeys, patchModel } from "../../api/models";
import { servicesQuery } from "../../api/services";
import type { ModelPatch, ModelVersion, RegisteredModel } from "../../api/types";
import { bytes } from "../../format/number";
import { deployAsItIs, deployInShell, deployModel, isServedAsItIs, loadModel } from "../../format/snippets";
import { AppLink } from "../AppLink";
import { Card, Facts, type Fact } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { Columns } from "../Columns";
import { CopyText } from "../CopyButton";
import { RelativeTime } from "../RelativeTime";
import { Description } from "../runs/Description";
import { RunById } from "../runs/RunById";
import { ServiceStateBadge } from "../StatusBadge";
import { TagEditor } from "../TagEditor";
import { Aliases } from "./Aliases";
import { ModelProfiles } from "./ModelProfiles";
import { WholeModel } from "./WholeModel";

const useStyles = makeStyles({
  service: { display: "flex", justifyContent: "space-between", columnGap: "12px", minWidth: 0 },
  none: { color: tokens.colorNeutralForeground3 },
});

interface Props {
  ws: string;
  model: ModelVersion;
  /** The whole that it is a version of; absent while it is read. */
  whole: RegisteredModel | undefined;
}

/** What a model is, where it came from, and how to use it. */
export function ModelDetails({ ws, model, whole }: Props) {
  const client = useQueryClient();
  const change = async (patch: ModelPatch) => {
    await patchModel(ws, model.name, model.version, patch);
    await client.invalidateQueries({ queryKey: modelKeys.all(ws) });
  };
  const properties: Fact[] = Object.entries(model.properties);
  return (
    <Columns
      main={
        <>
          <ModelFacts ws={ws} model={model} />
          <CodeBlock
            snippets={[
              { title: "Load", code: loadModel(ws, model.name, model.version) },
              ...(isServedAsItIs(model)
                ? [
                    { title: "Deploy", code: deployAsItIs(ws, model.name, model.version) },
                    { title: "Shell", code: deployInShell(ws, model.name, model.version) },
                    { title: "With a script", code: deployModel(ws, model.name, model.version) },
                  ]
                : [{ title: "Deploy", code: deployModel(ws, model.name, model.version) }]),
            ]}
          />
          <Card title="Profiles">
            <ModelProfiles ws={ws} model={model} />
          </Card>
        </>
      }
      side={
        <>
          <Card title="Endpoints">
            <ModelServices ws={ws} model={model} />
          </Card>
          {whole ? (
            <Card title="Aliases">
              <Aliases ws={ws} model={model} aliases={whole.aliases} />
            </Card>
          ) : null}
          <Card title={`Tags of version ${model.version}`}>
            <TagEditor tags={model.tags} onChange={change} />
          </Card>
          <Card title={`Description of version ${model.version}`}>
            <Description text={model.description} onChange={(description) => change({ description })} />
          </Card>
          {whole ? <WholeModel ws={ws} whole={whole} /> : null}
          {properties.length > 0 ? (
            <Card title="Properties">
              <Facts facts={properties} />
            </Card>
          ) : null}
        </>
      }
    />
  );
}

function ModelFacts({ ws, model }: { ws: string; model: ModelVersion }) {
  const framework = [model.framework, model.framework_version].filter(Boolean).join(" ");
  return (
    <Card title="Details">
      <Facts
        facts={[
          ["Name", <CopyText key="name" text={model.name} what="the name" />],
          ["Version", model.version],
          ["Created", <RelativeTime key="created" at={model.created_at} />],
          model.updated_at !== model.created_at && ["Changed", <RelativeTime key="u" at={model.updated_at} />],
          model.created_by && ["Created by", model.created_by],
          framework && ["Framework", framework],
          ["Size", bytes(model.size)],
          model.run_id && ["Run", <RunById key="run" id={model.run_id} />],
          model.experiment_name && [
            "Experiment",
            <AppLink key="e" to="/ws/$ws/experiments/$name" params={{ ws, name: model.experiment_name }}>
              {model.experiment_name}
            </AppLink>,
          ],
          model.stage !== "None" && ["Stage", model.stage],
          model.status !== "READY" && ["Status", model.status],
          model.source && ["Source", <CopyText key="source" text={model.source} what="the source" />],
        ]}
      />
    </Card>
  );
}

function ModelServices({ ws, model }: { ws: string; model: ModelVersion }) {
  const styles = useStyles();
  const id = `${model.name}:${model.version}`;
  const services = useQuery(servicesQuery(ws)).data?.filter((service) => service.models.includes(id));
  if (!services || services.length === 0) return <Text className={styles.none}>No endpoint serves this version.</Text>;
  return services.map((service) => (
    <div key={service.name} className={styles.service}>
      <AppLink to="/ws/$ws/endpoints/$name" params={{ ws, name: service.name }} cut>
        {service.name}
      </AppLink>
      <ServiceStateBadge state={service.state} />
    </div>
  ));
}
