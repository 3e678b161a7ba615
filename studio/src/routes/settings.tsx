import { AddRegular, ArrowSync20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { accessKeys } from "../api/access";
import { identityQuery } from "../api/account";
import { permissionKeys } from "../api/permissions";
import type { Command } from "../components/CommandBar";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { PageTabs } from "../components/PageTabs";
import { CreateToken } from "../components/settings/CreateToken";
import { CreateUser } from "../components/settings/CreateUser";
import { PermissionsOn } from "../components/settings/PermissionsOn";
import { Tokens } from "../components/settings/Tokens";
import { Users } from "../components/settings/Users";

const route = getRouteApi("/ws/$ws/settings");

const TOKENS = ["tokens", "Access tokens"] as const;
/** What only an admin may see. */
const ADMIN = [
  ["users", "Users"],
  ["permissions", "Permissions"],
] as const;

type TabName = (typeof ADMIN)[number][0] | "tokens";

/** Who may do what on this server: the own tokens and, for an admin, the users and their permissions. */
export function Settings() {
  const { ws } = route.useParams();
  const navigate = route.useNavigate();
  const admin = useQuery(identityQuery()).data?.role === "admin";
  const search = route.useSearch();
  const tab: TabName = (admin ? ADMIN.find(([known]) => known === search.tab)?.[0] : undefined) ?? "tokens";
  const [creating, setCreating] = useState(false);
  const commands = useCommands(ws, tab, () => setCreating(true));
  const Create = tab === "users" ? CreateUser : CreateToken;
  return (
    <Page title="Settings" crumbs={[<HomeCrumb key="home" />]} commands={commands}>
      <PageTabs
        tabs={admin ? [TOKENS, ...ADMIN] : [TOKENS]}
        selected={tab}
        onSelect={(next) => void navigate({ search: next === "tokens" ? {} : { tab: next }, replace: true })}
      />
      {tab === "tokens" ? <Tokens admin={admin} /> : null}
      {tab === "users" ? <Users /> : null}
      {tab === "permissions" ? (
        <PermissionsOn
          ws={ws}
          on={search.on}
          onChoose={(on) => void navigate({ search: { tab: "permissions", on }, replace: true })}
        />
      ) : null}
      {creating ? <Create onClose={() => setCreating(false)} /> : null}
    </Page>
  );
}

function useCommands(ws: string, tab: TabName, onCreate: () => void): Command[] {
  const client = useQueryClient();
  const keys = {
    tokens: accessKeys.tokens(),
    users: accessKeys.users(),
    permissions: permissionKeys.all(ws),
  };
  const refresh: Command = {
    id: "refresh",
    label: "Refresh",
    icon: <ArrowSync20Regular />,
    onClick: () => void client.invalidateQueries({ queryKey: keys[tab] }),
  };
  if (tab === "permissions") return [refresh];
  const create: Command = {
    id: "create",
    label: tab === "users" ? "Create user" : "Create token",
    icon: <AddRegular fontSize={20} />,
    onClick: onCreate,
  };
  return [create, refresh];
}
