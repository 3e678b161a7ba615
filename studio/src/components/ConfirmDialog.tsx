import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Spinner,
} from "@fluentui/react-components";
import { useState, type ReactNode } from "react";

import { errorSentence } from "../api/client";
import { useOpener } from "./opener";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", rowGap: "12px", overflowWrap: "anywhere" },
  // No third button colour exists in the theme: danger is said by the words and by the colour of the status tokens.
  danger: { minWidth: "96px" },
});

interface Props {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  /** Resolves when it is done, then the dialog closes; what it throws is shown in the dialog. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({ open, ...question }: Props) {
  return open ? <Question {...question} /> : null;
}

function Question({ title, children, action, onConfirm, onClose }: Omit<Props, "open">) {
  const styles = useStyles();
  useOpener();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const confirm = async () => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog open modalType="alert" onOpenChange={(_, data) => (data.open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.content}>
            {children}
            {error !== null ? (
              <MessageBar intent="error" layout="multiline">
                <MessageBarBody>{errorSentence(error)}</MessageBarBody>
              </MessageBar>
            ) : null}
          </DialogContent>
          <DialogActions>
            <Button
              appearance="primary"
              className={styles.danger}
              // It keeps the focus, so that Escape still reaches the dialog when the server has refused.
              disabledFocusable={busy}
              icon={busy ? <Spinner size="tiny" /> : null}
              onClick={() => void confirm()}
            >
              {action}
            </Button>
            <Button onClick={onClose} disabled={busy}>
              Keep
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
