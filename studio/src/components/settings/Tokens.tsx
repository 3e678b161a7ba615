import { Badge, Button, Switch, Tooltip } from "@fluentui/react-components";
import { Delete16Regular, Key24Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { accessKeys, revokeToken, tokensQuery, type Token } from "../../api/access";
import { ConfirmDialog } from "../ConfirmDialog";
import { useNotify } from "../notify";
import { timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { QueryTable } from "../table/QueryTable";

/** What each kind of token is for. */
const KINDS: Record<string, string> = {
  admin: "Everything on this server",
  user: "Scripts and the command line",
  mlflow: "MLflow clients",
  session: "A browser that is signed in",
};

function nameOf(token: Token): string {
  return token.description || KINDS[token.kind] || token.kind;
}

function columns(everyone: boolean, revoke: (token: Token) => void): Column<Token>[] {
  const owner: Column<Token> = { id: "user", header: "User", cell: (t) => t.name, value: (t) => t.name, width: 140 };
  return [
    { id: "name", header: "Name", cell: nameOf, value: nameOf, width: 240, card: "title" },
    ...(everyone ? [owner] : []),
    {
      id: "kind",
      header: "Kind",
      cell: (token) => (
        <Badge appearance="tint" color={token.kind === "admin" ? "warning" : "brand"}>
          {token.kind}
        </Badge>
      ),
      value: (token) => token.kind,
      width: 110,
      card: "corner",
    },
    {
      id: "workspace",
      header: "Workspace",
      cell: (token) => token.workspace ?? "Every one",
      value: (token) => token.workspace,
      width: 130,
    },
    timeColumn("created", "Created", (token) => token.created_at),
    timeColumn("expires", "Expires", (token) => token.expires_at, "Never"),
    timeColumn("used", "Last used", (token) => token.last_used_at, "Never"),
    {
      id: "acts",
      header: "Actions",
      cell: (token) => (
        <Tooltip content={`Revoke ${nameOf(token)}`} relationship="label">
          <Button size="small" appearance="subtle" icon={<Delete16Regular />} onClick={() => revoke(token)} />
        </Tooltip>
      ),
      width: 90,
    },
  ];
}

const SNIPPET_HINT = "Make one for scripts, the command line or MLflow clients on other machines.";

/** The valid tokens of who is signed in; an admin may see those of all users. */
export function Tokens({ admin }: { admin: boolean }) {
  const client = useQueryClient();
  const notify = useNotify();
  const [everyone, setEveryone] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const query = useQuery(tokensQuery(everyone));
  const shown = useMemo(() => columns(everyone, setRevoking), [everyone]);
  const revoke = async () => {
    if (!revoking) return;
    await revokeToken(revoking.id);
    notify.done(`Revoked ${nameOf(revoking)}`);
    await client.invalidateQueries({ queryKey: accessKeys.tokens() });
  };
  return (
    <>
      <QueryTable
        label="Access tokens"
        query={query}
        searched={nameOf}
        filters={
          admin ? (
            <Switch label="Of all users" checked={everyone} onChange={(_, data) => setEveryone(data.checked)} />
          ) : null
        }
        columns={shown}
        rowId={(token) => token.id}
        storageKey="tokens"
        initialSort={{ id: "created", desc: true }}
        none={{ icon: <Key24Regular />, title: "No access tokens yet", hint: SNIPPET_HINT }}
      />
      <ConfirmDialog
        open={revoking !== null}
        title={`Revoke ${revoking ? nameOf(revoking) : ""}?`}
        action="Revoke"
        onConfirm={revoke}
        onClose={() => setRevoking(null)}
      >
        {revoking?.kind === "session"
          ? "The browser that has it is signed out."
          : "What still uses it is refused from now on. This cannot be undone."}
      </ConfirmDialog>
    </>
  );
}
