import { Field, Input, Select } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { accessKeys, createUser, type Role } from "../../api/access";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";
import { RoleOptions } from "./RoleOptions";

/** Makes a user who signs in with a name and a password. */
export function CreateUser({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const notify = useNotify();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("user");
  const submit = async () => {
    const made = await createUser(name.trim(), password, role);
    notify.done(`Created ${made.name}`);
    onClose();
    await client.invalidateQueries({ queryKey: accessKeys.users() });
  };
  return (
    <FormDialog
      title="Create a user"
      action="Create"
      ready={name.trim() !== "" && password !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="User name" required>
        <Input value={name} onChange={(_, data) => setName(data.value)} autoComplete="off" required />
      </Field>
      <Field label="Password" required hint="At least 8 characters. Give it to the user, who can change it.">
        <Input
          type="password"
          value={password}
          onChange={(_, data) => setPassword(data.value)}
          autoComplete="new-password"
          required
        />
      </Field>
      <Field label="Role">
        <Select value={role} onChange={(_, data) => setRole(data.value as Role)}>
          <RoleOptions />
        </Select>
      </Field>
    </FormDialog>
  );
}
