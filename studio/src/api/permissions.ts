import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import { allItems } from "./pages";
import type { components } from "./schema";
import type { Entity } from "./types";

export type Permission = Entity<components["schemas"]["Permission"]>;

/** What a permission is given on. */
export interface Holder {
  kind: "experiment" | "model";
  name: string;
}

const ROOMS = { experiment: "experiments", model: "models" } as const;

function permissionsPath(ws: string, { kind, name }: Holder): string {
  return `${workspacePath(ws)}/${ROOMS[kind]}/${encodeURIComponent(name)}/permissions`;
}

function permissionPath(ws: string, holder: Holder, user: string): string {
  return `${permissionsPath(ws, holder)}/${encodeURIComponent(user)}`;
}

export const permissionKeys = {
  all: (ws: string) => ["permissions", ws] as const,
  on: (ws: string, { kind, name }: Holder) => [...permissionKeys.all(ws), kind, name] as const,
};

/** What each user was given there; refused for who may not grant. */
export const permissionsQuery = (ws: string, holder: Holder) =>
  queryOptions({
    queryKey: permissionKeys.on(ws, holder),
    queryFn: ({ signal }) => allItems<Permission>(permissionsPath(ws, holder), { limit: 1000 }, signal),
    retry: false,
  });

/** In the place of what the user had there. */
export function grantPermission(ws: string, holder: Holder, user: string, level: string): Promise<Permission> {
  return request(permissionPath(ws, holder, user), { method: "PUT", json: { level } });
}

/** From then on the user's role decides there. */
export function revokePermission(ws: string, holder: Holder, user: string): Promise<void> {
  return request(permissionPath(ws, holder, user), { method: "DELETE" });
}
