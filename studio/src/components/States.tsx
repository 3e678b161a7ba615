import {
  Button,
  makeStyles,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Text,
  tokens,
} from "@fluentui/react-components";
import type { ReactNode } from "react";

import { ApiError, errorSentence } from "../api/client";

const useStyles = makeStyles({
  empty: {
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    rowGap: "8px",
    width: "100%",
    minWidth: 0,
    maxWidth: "640px",
    margin: "0 auto",
    padding: "48px 16px",
    textAlign: "center",
  },
  picture: {
    display: "grid",
    placeItems: "center",
    width: "64px",
    height: "64px",
    borderRadius: tokens.borderRadiusCircular,
    background: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground1,
    marginBottom: "8px",
    "& svg": { width: "32px", height: "32px" },
  },
  hint: { color: tokens.colorNeutralForeground3, textAlign: "center", textWrap: "balance" },
  more: { width: "100%", marginTop: "12px" },
  error: { margin: "8px 0" },
});

interface EmptyProps {
  icon: ReactNode;
  title: string;
  hint: string;
  children?: ReactNode;
}

/** Nothing here yet: says what it is for and what to do next. */
export function EmptyState({ icon, title, hint, children }: EmptyProps) {
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <div className={styles.picture} aria-hidden>
        {icon}
      </div>
      <Text as="h2" size={500} weight="semibold" style={{ margin: 0 }}>
        {title}
      </Text>
      <Text className={styles.hint}>{hint}</Text>
      {children ? <div className={styles.more}>{children}</div> : null}
    </div>
  );
}

interface ErrorProps {
  error: unknown;
  what: string;
  retry?: () => void;
}

/** Something could not be had: the server's own sentence, and a way to try again. */
export function ErrorState({ error, what, retry }: ErrorProps) {
  const styles = useStyles();
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <MessageBar intent={missing ? "warning" : "error"} layout="multiline" className={styles.error} role="alert">
      <MessageBarBody>
        <MessageBarTitle>{what}</MessageBarTitle>
        {errorSentence(error)}
      </MessageBarBody>
      {retry ? (
        <MessageBarActions>
          <Button size="small" onClick={retry}>
            Try again
          </Button>
        </MessageBarActions>
      ) : null}
    </MessageBar>
  );
}
