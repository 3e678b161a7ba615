import { Field, Input, Select, Text } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { usersQuery, type User } from "../../api/access";
import { grantPermission, permissionKeys, type Holder } from "../../api/permissions";
import { AppLink } from "../AppLink";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";
import { LevelOptions } from "./LevelOptions";

interface Props {
  ws: string;
  holder: Holder;
  /** An admin chooses from the users; others, who may not list them, write the name. */
  admin: boolean;
  onClose: () => void;
}

/** Gives a user a permission on an experiment or a registered model. */
export function GrantPermission({ ws, holder, admin, onClose }: Props) {
  const client = useQueryClient();
  const notify = useNotify();
  const users = useQuery({ ...usersQuery(), enabled: admin }).data;
  const [user, setUser] = useState("");
  const [level, setLevel] = useState("READ");
  const submit = async () => {
    const name = user.trim();
    await grantPermission(ws, holder, name, level);
    notify.done(`${name} has ${level} on ${holder.name}`);
    onClose();
    await client.invalidateQueries({ queryKey: permissionKeys.on(ws, holder) });
  };
  const nobody = admin && users?.length === 0;
  return (
    <FormDialog
      title={`Grant a permission on ${holder.name}`}
      action="Grant"
      ready={user.trim() !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      {nobody ? (
        <Text>
          There are no users yet. Create one on the page{" "}
          <AppLink to="/ws/$ws/settings" params={{ ws }} search={{ tab: "users" }}>
            Settings, Users
          </AppLink>
          .
        </Text>
      ) : (
        <>
          <UserField admin={admin} users={users ?? []} user={user} onUser={setUser} />
          <Field label="Permission" hint="It counts here in place of the user’s role, which may be more or less.">
            <Select value={level} onChange={(_, data) => setLevel(data.value)}>
              <LevelOptions />
            </Select>
          </Field>
        </>
      )}
    </FormDialog>
  );
}

interface UserProps {
  admin: boolean;
  users: User[];
  user: string;
  onUser: (name: string) => void;
}

function UserField({ admin, users, user, onUser }: UserProps) {
  if (!admin) {
    return (
      <Field label="User" required hint="The name that the user signs in with.">
        <Input value={user} onChange={(_, data) => onUser(data.value)} autoComplete="off" required />
      </Field>
    );
  }
  const chosen = users.find(({ name }) => name === user);
  const hint = chosen?.role === "admin" ? "An admin may do everything, whatever is granted." : undefined;
  return (
    <Field label="User" required {...(hint ? { hint } : {})}>
      <Select value={user} onChange={(_, data) => onUser(data.value)} required>
        <option value="">Choose a user</option>
        {users.map(({ name, role }) => (
          <option key={name} value={name}>
            {`${name} (${role})`}
          </option>
        ))}
      </Select>
    </Field>
  );
}
