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
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { errorSentence } from "../api/client";
import { useOpener } from "./opener";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", rowGap: "12px" },
});

interface Props {
  title: string;
  /** What the button says that sends it. */
  action: string;
  /** The fields hold what can be sent. */
  ready: boolean;
  /** What it throws is shown in the dialog; the fields stay as they are. */
  onSubmit: () => Promise<void>;
  onClose: () => void;
  children: ReactNode;
}

/** Fields in a dialog. It is there while it is rendered, so that each opening begins with empty fields. */
export function FormDialog({ title, action, ready, onSubmit, onClose, children }: Props) {
  const styles = useStyles();
  useOpener();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await onSubmit();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={(_, data) => (data.open ? undefined : onClose())}>
      <DialogSurface>
        <form onSubmit={(event) => void submit(event)}>
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={styles.form}>
              {children}
              {error !== null ? (
                <MessageBar intent="error" layout="multiline">
                  <MessageBarBody>{errorSentence(error)}</MessageBarBody>
                </MessageBar>
              ) : null}
            </DialogContent>
            <DialogActions>
              <Button
                type="submit"
                appearance="primary"
                disabled={!ready}
                // It keeps the focus, so that Escape still reaches the dialog when the server has refused.
                disabledFocusable={busy}
                icon={busy ? <Spinner size="tiny" /> : null}
              >
                {action}
              </Button>
              <Button onClick={onClose}>Cancel</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
