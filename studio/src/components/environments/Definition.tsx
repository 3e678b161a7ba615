import type { EnvironmentVersion } from "../../api/types";
import { condaOf, dockerfileOf, imageOf, interpreterOf, toYaml } from "../../format/environment";
import { openWorkspace } from "../../format/snippets";
import { Card, Facts } from "../Card";
import { CodeBlock, type Snippet } from "../CodeBlock";
import { Columns } from "../Columns";
import { CopyText } from "../CopyButton";
import { RelativeTime } from "../RelativeTime";
import { MadeBy } from "./EnvironmentList";

/** What a version asks for, as it was registered, and how to use it. */
export function Definition({ ws, environment }: { ws: string; environment: EnvironmentVersion }) {
  const conda = condaOf(environment.definition);
  const dockerfile = dockerfileOf(environment.definition);
  const json = { title: "Definition (JSON)", code: JSON.stringify(environment.definition, null, 2) };
  const others: [Snippet, ...Snippet[]] = dockerfile ? [{ title: "Dockerfile", code: dockerfile }, json] : [json];
  const reference = `${environment.name}:${environment.version}`;
  const use = `from azureml.core import Environment, Workspace

environment = Environment.get(${openWorkspace(ws)}, "${environment.name}", version="${environment.version}")`;
  const machine = `# build it here, so that the next run finds it
zaffre environment build ${reference}
# what it resolved to, what was reused, why it was built anew
zaffre environment explain ${reference}`;
  return (
    <Columns
      main={<CodeBlock snippets={conda ? [{ title: "Conda file", code: toYaml(conda) }, ...others] : others} />}
      side={
        <>
          <VersionFacts environment={environment} />
          <CodeBlock
            snippets={[
              { title: "Use", code: use },
              { title: "On this machine", code: machine },
            ]}
          />
        </>
      }
    />
  );
}

function VersionFacts({ environment }: { environment: EnvironmentVersion }) {
  const image = imageOf(environment.definition);
  const interpreter = interpreterOf(environment.definition);
  return (
    <Card title="Details">
      <Facts
        facts={[
          ["Name", <CopyText key="name" text={environment.name} what="the name" />],
          ["Version", environment.version],
          environment.labels.length > 0 && ["Labels", environment.labels.join(", ")],
          image !== undefined && ["Image begins with", image],
          interpreter !== undefined && ["Python", `${interpreter}, as it is`],
          ["Made by", <MadeBy key="curated" curated={environment.curated} />],
          environment.created_at > 0 && ["Registered", <RelativeTime key="created" at={environment.created_at} />],
          ["Content", <CopyText key="hash" text={environment.content_hash} what="the content hash" />],
        ]}
      />
    </Card>
  );
}
