import { Field, Textarea } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { experimentKeys, patchExperiment } from "../api/experiments";
import { NOTE_TAG } from "../format/note";
import { FormDialog } from "./FormDialog";

interface Props {
  ws: string;
  name: string;
  note: string;
  onClose: () => void;
}

/** Says what an experiment is, in the tag that MLflow's clients read. */
export function DescribeExperiment({ ws, name, note, onClose }: Props) {
  const client = useQueryClient();
  const [text, setText] = useState(note);
  const submit = async () => {
    await patchExperiment(ws, name, text ? { tags: { [NOTE_TAG]: text } } : { remove_tags: [NOTE_TAG] });
    await client.invalidateQueries({ queryKey: experimentKeys.all(ws) });
    onClose();
  };
  return (
    <FormDialog title={`Describe ${name}`} action="Save" ready={text !== note} onSubmit={submit} onClose={onClose}>
      <Field label="Description" hint="Markdown: **bold**, `code`, lists, tables, links.">
        <Textarea rows={8} resize="vertical" value={text} onChange={(_, data) => setText(data.value)} />
      </Field>
    </FormDialog>
  );
}
