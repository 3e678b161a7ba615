import { Combobox, Field, Input, Option, Textarea } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { artifactsQuery } from "../../api/artifacts";
import { modelKeys, registerModel } from "../../api/models";
import type { Run } from "../../api/types";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";

interface Props {
  ws: string;
  run: Run;
  onClose: () => void;
}

/** Registers a file or folder of a run as a model. */
export function RegisterModel({ ws, run, onClose }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const paths = useModelPaths(ws, run);
  const [name, setName] = useState("");
  const [path, setPath] = useState<string | null>(null);
  const [description, setDescription] = useState("");
  const chosen = path ?? paths[0] ?? "";
  const submit = async () => {
    const model = await registerModel(ws, { name: name.trim(), run_id: run.id, run_path: chosen, description });
    await client.invalidateQueries({ queryKey: modelKeys.all(ws) });
    notify.done(`Registered ${model.name}:${model.version}`);
    onClose();
    await navigate({
      to: "/ws/$ws/models/$name/$version",
      params: { ws, name: model.name, version: String(model.version) },
    });
  };
  return (
    <FormDialog
      title="Register a model"
      action="Register"
      ready={name.trim() !== "" && chosen !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
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
    </FormDialog>
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
