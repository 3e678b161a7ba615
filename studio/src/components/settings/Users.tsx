import { Button, Select, Tooltip } from "@fluentui/react-components";
import { Delete16Regular, People24Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { accessKeys, deleteUser, setRole, usersQuery, type Role, type User } from "../../api/access";
import { ConfirmDialog } from "../ConfirmDialog";
import { useNotify } from "../notify";
import { timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { QueryTable } from "../table/QueryTable";
import { RoleOptions } from "./RoleOptions";

interface Acts {
  onRole: (user: User, role: Role) => void;
  onDelete: (user: User) => void;
}

function columns({ onRole, onDelete }: Acts): Column<User>[] {
  return [
    { id: "name", header: "Name", cell: (user) => user.name, value: (user) => user.name, width: 240, card: "title" },
    {
      id: "role",
      header: "Role",
      cell: (user) => (
        <Select
          size="small"
          aria-label={`Role of ${user.name}`}
          value={user.role}
          onChange={(_, data) => onRole(user, data.value as Role)}
        >
          <RoleOptions />
        </Select>
      ),
      value: (user) => user.role,
      width: 210,
    },
    timeColumn("created", "Created", (user) => user.created_at),
    timeColumn("updated", "Changed", (user) => user.updated_at),
    {
      id: "acts",
      header: "Actions",
      cell: (user) => (
        <Tooltip content={`Delete ${user.name}`} relationship="label">
          <Button size="small" appearance="subtle" icon={<Delete16Regular />} onClick={() => onDelete(user)} />
        </Tooltip>
      ),
      width: 90,
    },
  ];
}

/** Who may sign in with a password, and what each may do. For admins. */
export function Users() {
  const client = useQueryClient();
  const notify = useNotify();
  const [deleting, setDeleting] = useState<User | null>(null);
  const query = useQuery(usersQuery());
  const refresh = () => client.invalidateQueries({ queryKey: accessKeys.users() });
  const shown = useMemo(() => {
    const onRole = (user: User, role: Role) => {
      setRole(user.name, role)
        .then(() => notify.done(`${user.name} is now ${role}`))
        .catch((error: unknown) => notify.failed("The role was not changed", error))
        .finally(() => void client.invalidateQueries({ queryKey: accessKeys.users() }));
    };
    return columns({ onRole, onDelete: setDeleting });
  }, [client, notify]);
  const remove = async () => {
    if (!deleting) return;
    await deleteUser(deleting.name);
    notify.done(`Deleted ${deleting.name}`);
    await refresh();
  };
  return (
    <>
      <QueryTable
        label="Users"
        query={query}
        searched={(user) => user.name}
        columns={shown}
        rowId={(user) => user.name}
        storageKey="users"
        initialSort={{ id: "name", desc: false }}
        none={{
          icon: <People24Regular />,
          title: "No users yet",
          hint: "Whoever has the server's token is its admin. Create users to let others in with a name and a password.",
        }}
      />
      <ConfirmDialog
        open={deleting !== null}
        title={`Delete the user ${deleting?.name ?? ""}?`}
        action="Delete"
        onConfirm={remove}
        onClose={() => setDeleting(null)}
      >
        The user is signed out everywhere, and the user’s tokens end. What the user made stays.
      </ConfirmDialog>
    </>
  );
}
