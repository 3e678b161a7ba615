import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens } from "@fluentui/react-components";

import type { RunError, Service } from "../../api/types";

const useStyles = makeStyles({
  message: {
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    maxHeight: "320px",
    overflow: "auto",
    display: "block",
    margin: "4px 0",
  },
  sentence: { display: "block" },
  rest: {
    display: "block",
    marginTop: "8px",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

interface Details {
  step?: string;
  reason?: string;
  revision?: number;
  traceback?: string;
}

/** What went wrong, in a few words. */
function titleOf(service: Service, details: Details): string {
  if (details.reason === "RolledBack" && details.revision != null)
    return `Revision ${details.revision} was rolled back`;
  const step = details.step ?? service.steps.at(-1)?.name;
  return step ? `The step “${step}” failed` : "The deployment failed";
}

/** The step that failed, and why; or why a revision was taken back. */
export function DeploymentError({ service, error }: { service: Service; error: RunError }) {
  const styles = useStyles();
  const details = (error.details ?? {}) as Details;
  const [sentence = "", ...lines] = [error.message, details.traceback].filter(Boolean).join("\n\n").split("\n");
  const rest = lines.join("\n").replace(/^\n+/, "");
  const serves = service.state === "running";
  return (
    <MessageBar intent={serves ? "warning" : "error"} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{titleOf(service, details)}</MessageBarTitle>
        <span className={styles.message} tabIndex={0} role="region" aria-label="Error">
          <span className={styles.sentence}>{sentence}</span>
          {rest === "" ? null : <span className={styles.rest}>{rest}</span>}
        </span>
      </MessageBarBody>
    </MessageBar>
  );
}
