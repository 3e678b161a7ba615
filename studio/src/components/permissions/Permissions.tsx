import { Button, Select, Tooltip } from "@fluentui/react-components";
import { Add16Regular, Delete16Regular, LockClosed24Regular, PeopleLock24Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { identityQuery } from "../../api/account";
import { ApiError } from "../../api/client";
import {
  grantPermission,
  permissionKeys,
  permissionsQuery,
  revokePermission,
  type Holder,
  type Permission,
} from "../../api/permissions";
import { ConfirmDialog } from "../ConfirmDialog";
import { useNotify } from "../notify";
import { EmptyState } from "../States";
import { timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { QueryTable } from "../table/QueryTable";
import { GrantPermission } from "./GrantPermission";
import { LevelOptions } from "./LevelOptions";

interface Acts {
  onLevel: (permission: Permission, level: string) => void;
  onRevoke: (permission: Permission) => void;
}

const userOf = (permission: Permission) => permission.user;

function columns({ onLevel, onRevoke }: Acts): Column<Permission>[] {
  return [
    { id: "user", header: "User", cell: userOf, value: userOf, width: 220, card: "title" },
    {
      id: "level",
      header: "Permission",
      cell: (permission) => (
        <Select
          size="small"
          aria-label={`Permission of ${permission.user}`}
          value={permission.level}
          onChange={(_, data) => onLevel(permission, data.value)}
        >
          <LevelOptions present={permission.level} />
        </Select>
      ),
      value: (permission) => permission.level,
      width: 250,
    },
    {
      id: "by",
      header: "Granted by",
      cell: (permission) => permission.granted_by || "–",
      value: (permission) => permission.granted_by,
      width: 160,
    },
    timeColumn("changed", "Changed", (permission) => permission.updated_at || null),
    {
      id: "acts",
      header: "Actions",
      cell: (permission) => (
        <Tooltip content={`Revoke the permission of ${permission.user}`} relationship="label">
          <Button size="small" appearance="subtle" icon={<Delete16Regular />} onClick={() => onRevoke(permission)} />
        </Tooltip>
      ),
      width: 90,
    },
  ];
}

const KINDS = { experiment: "experiment", model: "registered model" } as const;

/** Who was given what on an experiment or a registered model, in place of what the role of each allows. */
export function Permissions({ ws, holder }: { ws: string; holder: Holder }) {
  const admin = useQuery(identityQuery()).data?.role === "admin";
  const query = useQuery(permissionsQuery(ws, holder));
  const { change, revoke } = useActs(ws, holder);
  const [granting, setGranting] = useState(false);
  const [revoking, setRevoking] = useState<Permission | null>(null);
  const shown = useMemo(() => columns({ onLevel: change, onRevoke: setRevoking }), [change]);
  if (query.error instanceof ApiError && query.error.status === 403) {
    return <EmptyState icon={<LockClosed24Regular />} title="Not for you to see" hint={query.error.message} />;
  }
  const grant = (appearance: "primary" | "secondary") => (
    <Button appearance={appearance} icon={<Add16Regular />} onClick={() => setGranting(true)}>
      Grant a permission
    </Button>
  );
  return (
    <>
      <QueryTable
        label="Permissions"
        query={query}
        searched={userOf}
        filters={query.data?.length ? grant("secondary") : null}
        columns={shown}
        rowId={userOf}
        storageKey="permissions"
        initialSort={{ id: "user", desc: false }}
        none={{
          icon: <PeopleLock24Regular />,
          title: "Roles decide here",
          hint: `Nobody was given more or less on this ${KINDS[holder.kind]} than the role allows: readers look, users log and change, admins do everything.`,
          start: grant("primary"),
        }}
      />
      {granting ? <GrantPermission ws={ws} holder={holder} admin={admin} onClose={() => setGranting(false)} /> : null}
      <ConfirmDialog
        open={revoking !== null}
        title={`Revoke the permission of ${revoking?.user ?? ""}?`}
        action="Revoke"
        onConfirm={() => (revoking ? revoke(revoking) : Promise.resolve())}
        onClose={() => setRevoking(null)}
      >
        From then on the user’s role decides what {revoking?.user ?? ""} may do with {holder.name}.
      </ConfirmDialog>
    </>
  );
}

function useActs(ws: string, { kind, name }: Holder) {
  const client = useQueryClient();
  const notify = useNotify();
  return useMemo(() => {
    const holder = { kind, name };
    const refresh = () => client.invalidateQueries({ queryKey: permissionKeys.on(ws, holder) });
    const change = ({ user }: Permission, level: string) => {
      grantPermission(ws, holder, user, level)
        .then(() => notify.done(`${user} has ${level} on ${name}`))
        .catch((error: unknown) => notify.failed("The permission was not changed", error))
        .finally(() => void refresh());
    };
    const revoke = async ({ user }: Permission) => {
      await revokePermission(ws, holder, user);
      notify.done(`Revoked the permission of ${user}`);
      await refresh();
    };
    return { change, revoke };
  }, [client, notify, ws, kind, name]);
}
