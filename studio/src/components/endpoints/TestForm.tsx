import {
  Badge,
  Button,
  Field,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Spinner,
  Text,
  Textarea,
  tokens,
} from "@fluentui/react-components";
import { Send20Regular } from "@fluentui/react-icons";
import { useState, type SyntheticEvent } from "react";

import { score, type ScoreAnswer } from "../../api/services";
import type { Service } from "../../api/types";
import { bytes } from "../../format/number";
import { duration } from "../../format/time";
import { Card } from "../Card";
import { CopyButton } from "../CopyButton";
import { ErrorState } from "../States";
import { useSampleBody } from "./sample";

const useStyles = makeStyles({
  grid: {
    display: "grid",
    gap: "12px",
    gridTemplateColumns: "minmax(0, 1fr) minmax(0, 1fr)",
    alignItems: "stretch",
    "@media (max-width: 1023px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  form: { display: "flex", flexDirection: "column", rowGap: "12px" },
  input: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, minHeight: "240px" },
  row: { display: "flex", alignItems: "center", columnGap: "12px", rowGap: "8px", flexWrap: "wrap" },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  answer: {
    margin: 0,
    flex: "1 1 auto",
    minHeight: "240px",
    maxHeight: "60vh",
    overflow: "auto",
    padding: "12px",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    background: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
});

/** Sends a body to the endpoint and shows what it answers, and how fast. */
export function TestForm({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const [body, setBody] = useSampleBody(ws, service.name);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<ScoreAnswer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ready = service.state === "running" || service.state === "Healthy";

  const submit = (event?: SyntheticEvent) => {
    event?.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setError(null);
    score(ws, service.name, body)
      .then(setAnswer, setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      {ready ? null : (
        <MessageBar intent="warning">
          <MessageBarBody>This endpoint is {service.state}: it can be tested when it runs.</MessageBarBody>
        </MessageBar>
      )}
      <div className={styles.grid}>
        <Card title="Request">
          <form className={styles.form} onSubmit={submit}>
            <Body text={body} onText={setBody} onSend={submit} />
            <div className={styles.row}>
              <Button
                type="submit"
                appearance="primary"
                disabled={!ready || busy}
                icon={busy ? <Spinner size="tiny" /> : <Send20Regular />}
              >
                Test
              </Button>
              <span className={styles.hint}>Ctrl+Enter sends it, too</span>
            </div>
          </form>
        </Card>
        <Card title="Response" actions={answer ? <CopyButton text={answer.text} what="the response" /> : null}>
          {error !== null ? <ErrorState error={error} what="The endpoint could not be reached." /> : null}
          {answer ? <Answer answer={answer} /> : <Text className={styles.hint}>The answer appears here.</Text>}
        </Card>
      </div>
    </>
  );
}

interface BodyProps {
  text: string;
  onText: (text: string) => void;
  onSend: () => void;
}

/** What is sent: JSON as a rule, and then it is said where it is not. */
function Body({ text, onText, onSend }: BodyProps) {
  const styles = useStyles();
  const trouble = jsonTrouble(text);
  return (
    <Field label="Body" {...(trouble ? { validationState: "warning" as const, validationMessage: trouble } : {})}>
      <Textarea
        resize="vertical"
        value={text}
        textarea={{ className: styles.input, spellCheck: false }}
        onChange={(_, data) => onText(data.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSend();
        }}
      />
    </Field>
  );
}

function Answer({ answer }: { answer: ScoreAnswer }) {
  const styles = useStyles();
  const fine = answer.status < 400;
  return (
    <>
      <div className={styles.row} role="status">
        <Badge appearance="tint" color={fine ? "success" : "danger"}>
          {answer.status}
        </Badge>
        <span data-latency={answer.milliseconds}>{duration(answer.milliseconds)}</span>
        <span className={styles.hint}>{bytes(new TextEncoder().encode(answer.text).length)}</span>
      </div>
      <pre className={styles.answer} tabIndex={0} aria-label="Response body">
        {pretty(answer.text)}
      </pre>
    </>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function jsonTrouble(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : ""}`;
  }
}
