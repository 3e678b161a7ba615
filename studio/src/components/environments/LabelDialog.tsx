import { Field, Input } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { environmentKeys, labelEnvironment } from "../../api/environments";
import type { EnvironmentVersion } from "../../api/types";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";

interface Props {
  ws: string;
  environment: EnvironmentVersion;
  onClose: () => void;
}

/** Points labels at a version, which scripts then get by them. */
export function LabelDialog({ ws, environment, onClose }: Props) {
  const client = useQueryClient();
  const notify = useNotify();
  const [text, setText] = useState("");
  const labels = text.split(/[\s,]+/).filter(Boolean);
  const submit = async () => {
    await labelEnvironment(ws, environment.name, environment.version, labels);
    notify.done(`${labels.join(", ")} ${labels.length === 1 ? "points" : "point"} at version ${environment.version}`);
    await client.invalidateQueries({ queryKey: environmentKeys.all(ws) });
    onClose();
  };
  return (
    <FormDialog
      title={`Label version ${environment.version}`}
      action="Label"
      ready={labels.length > 0}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="Labels" required hint="Separated by commas. A label moves here from the version that has it now.">
        <Input value={text} onChange={(_, data) => setText(data.value)} placeholder="stable, production" required />
      </Field>
    </FormDialog>
  );
}
