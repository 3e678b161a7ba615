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
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

/** The step that failed, and why. */
export function DeploymentError({ service, error }: { service: Service; error: RunError }) {
  const styles = useStyles();
  const step = service.steps[service.steps.length - 1]?.name;
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{step ? `The step “${step}” failed` : "The deployment failed"}</MessageBarTitle>
        <span className={styles.message} tabIndex={0} role="region" aria-label="Error">
          {error.message}
        </span>
      </MessageBarBody>
    </MessageBar>
  );
}
