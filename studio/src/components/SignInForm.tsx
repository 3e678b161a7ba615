import { Button, Field, Input, makeStyles, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useState, type SyntheticEvent } from "react";

import { signIn } from "../api/account";

const useStyles = makeStyles({ form: { display: "flex", flexDirection: "column", rowGap: "12px" } });

/** Name and password of a user. The server's sentence says why it refused them. */
export function SignInForm() {
  const styles = useStyles();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    try {
      await signIn(name, password);
      window.location.reload();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      {refusal ? (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>{refusal}</MessageBarBody>
        </MessageBar>
      ) : null}
      <Field label="User name" required>
        <Input value={name} onChange={(_, data) => setName(data.value)} autoComplete="username" />
      </Field>
      <Field label="Password" required>
        <Input
          type="password"
          value={password}
          onChange={(_, data) => setPassword(data.value)}
          autoComplete="current-password"
        />
      </Field>
      <Button type="submit" appearance="primary" disabled={busy || !name || !password}>
        Sign in
      </Button>
    </form>
  );
}
