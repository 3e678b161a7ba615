import { Checkbox, Field, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { computesQuery } from "../../api/computes";
import { buildEnvironment } from "../../api/environments";
import type { EnvironmentVersion, Run } from "../../api/types";
import { FormDialog } from "../FormDialog";

interface Props {
  ws: string;
  environment: EnvironmentVersion;
  onStarted: (run: Run) => void;
  onClose: () => void;
}

/** Starts a build on the server's machine, so that the next run or endpoint there finds the environment. */
export function BuildDialog({ ws, environment, onStarted, onClose }: Props) {
  const targets = useQuery(computesQuery(ws)).data ?? [];
  const [target, setTarget] = useState("");
  const [anew, setAnew] = useState(false);
  const submit = async () => {
    const wish = { version: environment.version, anew, target: target || null };
    onStarted(await buildEnvironment(ws, environment.name, wish));
  };
  return (
    <FormDialog
      title={`Build ${environment.name}:${environment.version}`}
      action="Build"
      ready
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="On" hint="It is built once there, then runs and endpoints find it.">
        <Select value={target} onChange={(_, data) => setTarget(data.value)}>
          <option value="">The server&apos;s choice</option>
          {targets.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Checkbox
        label="Resolve anew, to newer versions of what it does not pin"
        checked={anew}
        onChange={(_, data) => setAnew(data.checked === true)}
      />
    </FormDialog>
  );
}
