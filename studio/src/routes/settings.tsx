import { AddRegular, ArrowSync20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { accessKeys } from "../api/access";
import { identityQuery } from "../api/account";
import { HomeCrumb } from "../components/crumbs";
import { Page } from "../components/Page";
import { PageTabs } from "../components/PageTabs";
import { CreateToken } from "../components/settings/CreateToken";
import { CreateUser } from "../components/settings/CreateUser";
import { Tokens } from "../components/settings/Tokens";
import { Users } from "../components/settings/Users";

const route = getRouteApi("/ws/$ws/settings");

const TOKENS = ["tokens", "Access tokens"] as const;
const USERS = ["users", "Users"] as const;

/** Who may do what on this server: the own tokens and, for an admin, the users. */
export function Settings() {
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const admin = useQuery(identityQuery()).data?.role === "admin";
  const search = route.useSearch();
  const tab = admin && search.tab === "users" ? "users" : "tokens";
  const [creating, setCreating] = useState(false);
  const keys = tab === "users" ? accessKeys.users() : accessKeys.tokens();
  const Create = tab === "users" ? CreateUser : CreateToken;
  return (
    <Page
      title="Settings"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        {
          id: "create",
          label: tab === "users" ? "Create user" : "Create token",
          icon: <AddRegular fontSize={20} />,
          onClick: () => setCreating(true),
        },
        {
          id: "refresh",
          label: "Refresh",
          icon: <ArrowSync20Regular />,
          onClick: () => void client.invalidateQueries({ queryKey: keys }),
        },
      ]}
    >
      <PageTabs
        tabs={admin ? [TOKENS, USERS] : [TOKENS]}
        selected={tab}
        onSelect={(next) => void navigate({ search: next === "tokens" ? {} : { tab: next }, replace: true })}
      />
      {tab === "users" ? <Users /> : <Tokens admin={admin} />}
      {creating ? <Create onClose={() => setCreating(false)} /> : null}
    </Page>
  );
}
