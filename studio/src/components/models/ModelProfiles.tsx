import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { profilesQuery } from "../../api/profiles";
import type { ModelVersion, Run } from "../../api/types";
import { metric } from "../../format/number";
import { isServedAsItIs } from "../../format/snippets";
import { AppLink } from "../AppLink";
import { Facts, type Fact } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { RelativeTime } from "../RelativeTime";
import { RunStatusBadge } from "../StatusBadge";

const useStyles = makeStyles({
  profile: { display: "flex", flexDirection: "column", rowGap: "8px", minWidth: 0 },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "12px", rowGap: "4px", minWidth: 0 },
  none: { color: tokens.colorNeutralForeground3 },
  error: { color: tokens.colorPaletteRedForeground1, whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
});

/** What was measured of a model version, the newest first, and how to measure it. */
export function ModelProfiles({ ws, model }: { ws: string; model: ModelVersion }) {
  const styles = useStyles();
  const profiles = useQuery(profilesQuery(ws, `${model.name}:${model.version}`)).data;
  if (!profiles) return null;
  if (profiles.length > 0) return profiles.map((run) => <Profile key={run.id} ws={ws} run={run} />);
  const script = isServedAsItIs(model) ? "" : " \\\n  --entry score.py --pip requirements.txt";
  const command = `zaffre model profile ${model.name}:${model.version} --workspace ${ws} \\
  --name my-profile --data requests.jsonl${script}`;
  return (
    <>
      <Text className={styles.none}>
        Its speed and the memory and CPU it needs have not been measured. A profile does that with requests of yours:
      </Text>
      <CodeBlock snippets={[{ title: "Shell", code: command }]} />
    </>
  );
}

function Profile({ ws, run }: { ws: string; run: Run }) {
  const styles = useStyles();
  return (
    <div className={styles.profile}>
      <div className={styles.head}>
        <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: run.id }} cut>
          {run.display_name}
        </AppLink>
        <RunStatusBadge status={run.status} />
        <RelativeTime at={run.created_at} />
      </div>
      {run.error ? <Text className={styles.error}>{run.error.message.split("\n")[0]}</Text> : null}
      <Facts facts={profileFacts(run.metrics)} />
    </div>
  );
}

/** The measured values with their units; what is not measured yet is left out. */
export function profileFacts(found: Record<string, number>): Fact[] {
  const rounded = (name: string) => metric(Number((found[name] ?? 0).toPrecision(3)));
  const facts: [needed: string, name: string, value: () => string][] = [
    [
      "recommended_memory_gb",
      "Recommended",
      () => `${rounded("recommended_cpu_cores")} cores, ${rounded("recommended_memory_gb")} GB`,
    ],
    ["latency_p50_ms", "Latency p50", () => `${rounded("latency_p50_ms")} ms`],
    ["latency_p99_ms", "Latency p99", () => `${rounded("latency_p99_ms")} ms`],
    ["requests_per_second", "Rate", () => `${rounded("requests_per_second")} requests/s`],
    ["success_percent", "Answered", () => `${rounded("success_percent")} %`],
    ["cpu_cores", "CPU", () => `${rounded("cpu_cores")} cores`],
    ["memory_peak_gb", "Memory", () => `${rounded("memory_peak_gb")} GB at most`],
  ];
  const measured = facts.filter(([needed]) => found[needed] !== undefined);
  if (measured.length > 0) return measured.map(([, name, value]): Fact => [name, value()]);
  return found["progress_percent"] === undefined ? [] : [["Progress", `${rounded("progress_percent")} %`]];
}
