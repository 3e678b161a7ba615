import { request, type Query } from "./client";

/** One page of a list: `next` is the `after` of the following request, or null at the end. */
export interface Page<T> {
  items: T[];
  next?: string | null;
}

/** How often a list is read again while it is looked at. */
export const LIVE_LIST_MS = 8000;

/** Every item of a list that is short by nature (models, endpoints, files): follows `next` to the end. */
export async function allItems<T>(path: string, query: Query, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let after: string | null | undefined;
  do {
    const page: Page<T> = await request<Page<T>>(path, { query: { ...query, after }, signal });
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}
