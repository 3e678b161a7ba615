import { Badge, makeStyles, Text, tokens } from "@fluentui/react-components";

import type { Assessment } from "../../api/types";
import { RelativeTime } from "../RelativeTime";

const useStyles = makeStyles({
  part: { display: "flex", flexDirection: "column", rowGap: "8px", minWidth: 0 },
  heading: { margin: 0 },
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "8px" },
  one: {
    display: "flex",
    flexDirection: "column",
    rowGap: "2px",
    padding: "8px 12px",
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    overflowWrap: "anywhere",
  },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "8px" },
  source: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  error: { color: tokens.colorStatusDangerForeground1 },
  rationale: { whiteSpace: "pre-wrap" },
});

const SOURCES: Record<string, string> = { HUMAN: "Person", LLM_JUDGE: "Judge", AI_JUDGE: "Judge", CODE: "Program" };

/** What people, judges and programs said, the valid ones only. */
export function Assessments({ assessments }: { assessments: Assessment[] }) {
  const styles = useStyles();
  const valid = assessments.filter((one) => one.valid);
  if (valid.length === 0) return null;
  return (
    <section className={styles.part} aria-label="Assessments">
      <Text as="h3" weight="semibold" className={styles.heading}>
        Assessments
      </Text>
      <ul className={styles.list}>
        {valid.map((one) => (
          <li key={one.id} className={styles.one}>
            <OneAssessment assessment={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneAssessment({ assessment }: { assessment: Assessment }) {
  const styles = useStyles();
  const source = SOURCES[assessment.source_type] ?? "Unknown source";
  return (
    <>
      <span className={styles.head}>
        <Text weight="semibold">{assessment.name}</Text>
        <Value value={assessment.value} />
        {assessment.kind === "expectation" ? <Badge appearance="outline">expected</Badge> : null}
      </span>
      {assessment.error ? (
        <Text className={styles.error}>
          {assessment.error.error_code}: {assessment.error.error_message}
        </Text>
      ) : null}
      {assessment.rationale ? <Text className={styles.rationale}>{assessment.rationale}</Text> : null}
      <span className={styles.source}>
        {source}
        {assessment.source_id ? ` ${assessment.source_id}` : ""}, <RelativeTime at={assessment.created_at} />
      </span>
    </>
  );
}

function Value({ value }: { value: unknown }) {
  if (value == null) return null;
  if (typeof value === "boolean") {
    return (
      <Badge appearance="tint" color={value ? "success" : "danger"}>
        {value ? "Yes" : "No"}
      </Badge>
    );
  }
  return <Text>{typeof value === "string" ? value : JSON.stringify(value)}</Text>;
}
