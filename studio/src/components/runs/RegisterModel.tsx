import {
  Button,
  Combobox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Option,
  Spinner,
  Textarea,
} from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState, type SyntheticEvent } from "react";

import { artifactsQuery } from "../../api/artifacts";
import { errorSentence } from "../../api/client";
import { modelKeys, registerModel } from "../../api/models";
import type { Run } from "../../api/types";
import { useNotify } from "../notify";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", rowGap: "12px" },
});

interface Props {
  ws: string;
  run: Run;
  open: boolean;
  onClose: () => void;
}

/** Registers a file or folder of a run as a model. */
export function RegisterModel({ ws, run, open, onClose }: Props) {
  return (
    <Dialog open={open} onOpenChange={(_, data) => (data.open ? undefined : onClose())}>
      <DialogSurface>{open ? <RegisterForm ws={ws} run={run} onClose={onClose} /> : null}</DialogSurface>
    </Dialog>
  );
}

function RegisterForm({ ws, run, onClose }: Omit<Props, "open">) {
  const styles = useStyles();
  const client = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const paths = useModelPaths(ws, run);
  const [name, setName] = useState("");
  const [path, setPath] = useState<string | null>(null);
  const [description, setDescription] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const chosen = path ?? paths[0] ?? "";

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const model = await registerModel(ws, { name: name.trim(), run_id: run.id, run_path: chosen, description });
      await client.invalidateQueries({ queryKey: modelKeys.all(ws) });
      notify.done(`Registered ${model.name}:${model.version}`);
      onClose();
      await navigate({
        to: "/ws/$ws/models/$name/$version",
        params: { ws, name: model.name, version: String(model.version) },
      });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <DialogBody>
        <DialogTitle>Register a model</DialogTitle>
        <DialogContent className={styles.form}>
          <Field label="Name" required hint="A name that exists gets a new version.">
            <Input value={name} onChange={(_, data) => setName(data.value)} required />
          </Field>
          <Field label="File or folder of this run" required>
            <Combobox
              freeform
              value={chosen}
              selectedOptions={[chosen]}
              onOptionSelect={(_, data) => setPath(data.optionValue ?? "")}
              onInput={(event) => setPath((event.target as HTMLInputElement).value)}
            >
              {paths.map((one) => (
                <Option key={one} value={one}>
                  {one}
                </Option>
              ))}
            </Combobox>
          </Field>
          <Field label="Description">
            <Textarea value={description} onChange={(_, data) => setDescription(data.value)} />
          </Field>
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
            disabled={busy || !name.trim() || !chosen}
            icon={busy ? <Spinner size="tiny" /> : null}
          >
            Register
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </DialogActions>
      </DialogBody>
    </form>
  );
}

/** What may be a model, the likeliest first: folders and files below outputs, then everything else but logs. */
function useModelPaths(ws: string, run: Run): string[] {
  const files = useQuery(artifactsQuery(ws, run.id)).data;
  return useMemo(() => {
    const paths = (files ?? []).filter((file) => !file.is_dir).map((file) => file.path);
    const folders = paths.flatMap((path) => parents(path)).filter((path) => path !== "outputs");
    const wanted = [...new Set([...paths, ...folders])].filter((path) => !/^(azureml-)?logs\b/.test(path));
    const rank = (path: string) => (path.startsWith("outputs/") ? 0 : 1);
    return wanted.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  }, [files]);
}

function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
