import { queryOptions } from "@tanstack/react-query";

import { API, request } from "./client";
import { allItems } from "./pages";
import type { components } from "./schema";
import type { Entity } from "./types";

export type Token = Entity<components["schemas"]["Token"]>;
export type TokenCreated = Entity<components["schemas"]["TokenCreated"]>;
export type User = Entity<components["schemas"]["User"]>;
export type Role = "reader" | "user" | "admin";

export const accessKeys = {
  tokens: () => ["tokens"] as const,
  users: () => ["users"] as const,
};

/** The tokens of who is signed in, or of all users; never those that the server made for runs. */
export const tokensQuery = (everyone: boolean) =>
  queryOptions({
    queryKey: [...accessKeys.tokens(), everyone],
    queryFn: ({ signal }) => allItems<Token>(`${API}/tokens`, { everyone, limit: 1000 }, signal),
  });

export interface NewToken {
  kind: string;
  description: string;
  /** Null: as long as the session that makes it. */
  expires_in_seconds: number | null;
}

/** The answer alone holds the token: the server keeps only its hash. */
export function createToken(wanted: NewToken): Promise<TokenCreated> {
  return request(`${API}/tokens`, { method: "POST", json: wanted });
}

export function revokeToken(id: string): Promise<void> {
  return request(`${API}/tokens/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Every user of the server; for admins. */
export const usersQuery = () =>
  queryOptions({
    queryKey: accessKeys.users(),
    queryFn: ({ signal }) => allItems<User>(`${API}/users`, { limit: 1000 }, signal),
  });

export function createUser(name: string, password: string, role: Role): Promise<User> {
  return request(`${API}/users`, { method: "POST", json: { name, password, role } });
}

export function setRole(name: string, role: Role): Promise<User> {
  return request(`${API}/users/${encodeURIComponent(name)}`, { method: "PATCH", json: { role } });
}

export function deleteUser(name: string): Promise<void> {
  return request(`${API}/users/${encodeURIComponent(name)}`, { method: "DELETE" });
}
