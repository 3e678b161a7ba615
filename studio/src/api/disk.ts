import { queryOptions } from "@tanstack/react-query";

import { API, request } from "./client";
import { allItems, type Page } from "./pages";
import type { DiskItem } from "./types";

export const diskKeys = { environments: () => ["disk", "environments"] as const };

/** What environments and images take on the server's disk. */
export const diskQuery = () =>
  queryOptions({
    queryKey: diskKeys.environments(),
    queryFn: ({ signal }) => allItems<DiskItem>(`${API}/disk/environments`, {}, signal),
  });

/** Removes what the keys name, but what is used at that moment; answers what was removed. */
export async function pruneEnvironments(keys: readonly string[]): Promise<DiskItem[]> {
  const page: Page<DiskItem> = await request(`${API}/disk/environments/prune`, { method: "POST", json: { keys } });
  return page.items;
}
