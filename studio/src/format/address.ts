/** What addresses carry after the question mark, in every page alike. */

/** Where somebody is in a table: what was searched for, and the column it is sorted by. */
export interface TablePlace {
  q?: string;
  sort?: string;
  desc?: boolean;
}

/** Leaves the place in a table behind, for another table on the same page. */
export const NO_PLACE = { q: undefined, sort: undefined, desc: undefined } as const;

export type Change<T> = { [K in keyof T]?: T[K] | undefined };

/** Only what is there: an absent setting leaves no trace in the address. */
export function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** What an address says with some of it changed; what is undefined then leaves it. */
export function changed<T extends object>(before: T, change: Change<T>): T {
  return present<T>({ ...before, ...change });
}
