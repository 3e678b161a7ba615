import { makeStyles, Spinner, Text, tokens } from "@fluentui/react-components";
import { CheckmarkCircle16Filled, DismissCircle16Filled, Eye16Regular } from "@fluentui/react-icons";

import type { DeploymentStep, Service } from "../../api/types";
import { duration } from "../../format/time";
import { useNow } from "../RelativeTime";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "10px" },
  item: { display: "grid", gridTemplateColumns: "20px minmax(0, 1fr) auto", columnGap: "8px", alignItems: "center" },
  icon: { display: "inline-flex" },
  done: { color: tokens.colorStatusSuccessForeground1 },
  failed: { color: tokens.colorStatusDangerForeground1 },
  name: { "::first-letter": { textTransform: "uppercase" } },
  time: { color: tokens.colorNeutralForeground3, fontVariantNumeric: "tabular-nums", fontSize: tokens.fontSizeBase200 },
  detail: {
    gridColumn: "2 / -1",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: "anywhere",
  },
  bar: { gridColumn: "2 / -1", height: "4px", borderRadius: "2px", background: tokens.colorNeutralBackground4 },
  part: { height: "100%", borderRadius: "2px", background: tokens.colorCompoundBrandBackground, minWidth: "2px" },
  none: { color: tokens.colorNeutralForeground3 },
});

/** Whether what this step watched was taken back by the next one. */
function isTakenBack(steps: DeploymentStep[], i: number): boolean {
  return steps[i]?.name === "bake" && steps[i + 1]?.name === "roll-back";
}

/** The steps of the deployment with the time each took, as a share of the whole. */
export function Steps({ service }: { service: Service }) {
  const styles = useStyles();
  const watched = service.state === "running" && service.steps.at(-1)?.name === "bake";
  const going = service.state === "deploying" || watched;
  const details = service.error?.details as { step?: string } | null | undefined;
  const now = useNow(going);
  const { steps } = service;
  const first = steps[0];
  if (!first) {
    return (
      <Text className={styles.none}>{going ? "Waiting for the supervisor to start." : "No steps are recorded."}</Text>
    );
  }
  const end = (step: DeploymentStep) => step.ended_at ?? (going ? now : step.started_at);
  const total = Math.max(1, ...steps.map((step) => end(step) - first.started_at));
  return (
    <ol className={styles.list}>
      {steps.map((step, i) => {
        const failed =
          i === steps.length - 1 ? service.state === "failed" || details?.step === step.name : isTakenBack(steps, i);
        const open = step.ended_at == null && going;
        const took = end(step) - step.started_at;
        return (
          <li key={i} className={styles.item}>
            <span className={styles.icon}>
              {open && step.name === "bake" ? <Eye16Regular aria-label="Watched" /> : null}
              {open && step.name !== "bake" ? <Spinner size="extra-tiny" aria-label="Going on" /> : null}
              {failed ? <DismissCircle16Filled className={styles.failed} aria-label="Failed" /> : null}
              {!open && !failed ? <CheckmarkCircle16Filled className={styles.done} aria-label="Done" /> : null}
            </span>
            <span className={styles.name}>{step.name}</span>
            <span className={styles.time}>{duration(took)}</span>
            <div className={styles.bar}>
              <div
                className={styles.part}
                style={{
                  marginLeft: `${((step.started_at - first.started_at) / total) * 100}%`,
                  width: `${(took / total) * 100}%`,
                }}
              />
            </div>
            {step.detail ? <span className={styles.detail}>{step.detail}</span> : null}
          </li>
        );
      })}
    </ol>
  );
}
