import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  Select,
  Text,
} from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { accessKeys, createToken, type TokenCreated } from "../../api/access";
import { exactTime } from "../../format/time";
import { CodeBlock } from "../CodeBlock";
import { FormDialog } from "../FormDialog";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", rowGap: "12px", minWidth: 0 },
});

const HOUR = 3600;
const DAY = 24 * HOUR;

/** A session lives for thirty days, and what it makes dies with it at the latest. */
const LIVES: [label: string, seconds: number][] = [
  ["1 hour", HOUR],
  ["1 day", DAY],
  ["7 days", 7 * DAY],
  ["30 days", 30 * DAY],
];

/** Makes a token, and shows it once. */
export function CreateToken({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [description, setDescription] = useState("");
  const [kind, setKind] = useState("user");
  const [seconds, setSeconds] = useState(7 * DAY);
  const [made, setMade] = useState<TokenCreated | null>(null);
  if (made) return <Shown made={made} kind={kind} onClose={onClose} />;
  const submit = async () => {
    setMade(await createToken({ kind, description: description.trim(), expires_in_seconds: seconds }));
    await client.invalidateQueries({ queryKey: accessKeys.tokens() });
  };
  return (
    <FormDialog
      title="Create an access token"
      action="Create"
      ready={description.trim() !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="Name" required hint="Where it is used: it helps to know later what would stop working.">
        <Input value={description} onChange={(_, data) => setDescription(data.value)} maxLength={200} required />
      </Field>
      <Field label="For">
        <Select value={kind} onChange={(_, data) => setKind(data.value)}>
          <option value="user">Scripts and the command line</option>
          <option value="mlflow">MLflow clients</option>
        </Select>
      </Field>
      <Field label="Expires in" hint="At the latest together with this session.">
        <Select value={String(seconds)} onChange={(_, data) => setSeconds(Number(data.value))}>
          {LIVES.map(([label, value]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
    </FormDialog>
  );
}

function Shown({ made, kind, onClose }: { made: TokenCreated; kind: string; onClose: () => void }) {
  const styles = useStyles();
  const variable = kind === "mlflow" ? "MLFLOW_TRACKING_TOKEN" : "ZAFFRE_TOKEN";
  return (
    <Dialog open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Copy the token now</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>
              It is shown this once: the server keeps only its hash.
              {made.expires_at == null ? "" : ` It expires on ${exactTime(made.expires_at)}.`}
            </Text>
            <CodeBlock
              snippets={[
                { title: "Token", code: made.token },
                { title: "Terminal", code: `export ${variable}=${made.token}` },
              ]}
            />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onClose}>
              Done
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
