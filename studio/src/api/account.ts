import { queryOptions } from "@tanstack/react-query";

import { API, request, send } from "./client";
import type { components } from "./schema";

export type Identity = components["schemas"]["Identity"];

/** Who the server takes this browser for. */
export const identityQuery = () =>
  queryOptions({
    queryKey: ["me"],
    queryFn: ({ signal }) => request<Identity>(`${API}/me`, { signal }),
    staleTime: Infinity,
  });

/** Begin a session: the answer sets its cookie. Raises `ApiError` with the server's sentence. */
export async function signIn(name: string, password: string): Promise<void> {
  await send(`${API}/signin`, { method: "POST", json: { name, password } });
}

/** End this browser's session. */
export async function signOut(): Promise<void> {
  await send(`${API}/signout`, { method: "POST" });
}
