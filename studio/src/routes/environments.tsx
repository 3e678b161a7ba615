import { ArrowSync20Regular, Broom20Regular, Delete20Regular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { identityQuery } from "../api/account";
import { diskKeys, diskQuery } from "../api/disk";
import { environmentKeys } from "../api/environments";
import type { DiskItem } from "../api/types";
import type { Command } from "../components/CommandBar";
import { HomeCrumb } from "../components/crumbs";
import { DiskUse } from "../components/environments/DiskUse";
import { EnvironmentList } from "../components/environments/EnvironmentList";
import { PruneDialog } from "../components/environments/PruneDialog";
import { Page } from "../components/Page";
import { PageTabs } from "../components/PageTabs";

const route = getRouteApi("/ws/$ws/environments");

const LIST = ["list", "Environments"] as const;
/** The server's disk holds what every workspace built: for its admins. */
const DISK = ["disk", "On disk"] as const;

const NOTHING: ReadonlySet<string> = new Set();
/** What no run and no endpoint has used for so long is not missed soon. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;

export function Environments() {
  const { ws } = route.useParams();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const admin = useQuery(identityQuery()).data?.role === "admin";
  const search = route.useSearch();
  const tab = admin && search.tab === "disk" ? "disk" : "list";
  const [selected, setSelected] = useState(NOTHING);
  const [leaving, setLeaving] = useState<DiskItem[]>([]);
  const disk = useDiskCommands(tab === "disk", selected, setLeaving);
  const refresh = () =>
    void client.invalidateQueries({
      queryKey: tab === "disk" ? diskKeys.environments() : environmentKeys.all(ws),
    });
  return (
    <Page
      title="Environments"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[{ id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: refresh }, ...disk]}
    >
      <PageTabs
        tabs={admin ? [LIST, DISK] : [LIST]}
        selected={tab}
        onSelect={(next) => void navigate({ search: next === "list" ? {} : { tab: next }, replace: true })}
      />
      {tab === "list" ? <EnvironmentList ws={ws} /> : <DiskUse selected={selected} onSelect={setSelected} />}
      <PruneDialog
        open={leaving.length > 0}
        items={leaving}
        onDone={() => setSelected(NOTHING)}
        onClose={() => setLeaving([])}
      />
    </Page>
  );
}

/** What may be removed from the disk: what is selected, or what nobody has used for a while. */
function useDiskCommands(
  shown: boolean,
  selected: ReadonlySet<string>,
  remove: (items: DiskItem[]) => void,
): Command[] {
  const items = useQuery({ ...diskQuery(), enabled: shown }).data ?? [];
  const free = items.filter((item) => !item.in_use);
  const picked = free.filter((item) => selected.has(item.key));
  const [opened] = useState(() => Date.now());
  const before = opened - UNUSED_MS;
  const unused = free.filter((item) => item.kind !== "packages" && (item.used_at ?? 0) < before);
  if (!shown) return [];
  return [
    {
      id: "remove",
      label: "Remove",
      icon: <Delete20Regular />,
      onClick: () => remove(picked),
      disabled: picked.length === 0,
      why: "Select what to remove; what is in use stays",
    },
    {
      id: "prune",
      label: "Remove unused",
      icon: <Broom20Regular />,
      onClick: () => remove(unused),
      disabled: unused.length === 0,
      why: "Everything here was used in the last 30 days",
    },
  ];
}
