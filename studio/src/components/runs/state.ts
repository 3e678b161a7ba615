import { useCallback, useMemo } from "react";

/** What the address of a list of runs says. */
export interface RunListState {
  q?: string;
  status?: string;
  tag?: string;
  sort?: string;
  desc?: boolean;
  children?: boolean;
  tab?: string;
}

type Navigate = (options: { search: RunListState; replace: boolean; resetScroll: boolean }) => Promise<void>;

/** The state of a list of runs, kept in the address. */
export function useRunsState(search: RunListState, navigate: Navigate) {
  const key = JSON.stringify(search);
  const state = useMemo(() => JSON.parse(key) as RunListState, [key]);
  const onState = useCallback(
    (next: RunListState) => {
      const kept = Object.entries(next).filter(([, value]) => value !== "" && value !== undefined);
      const tidy = Object.fromEntries(kept.filter(([name, value]) => !(name === "children" && value === false)));
      void navigate({ search: tidy, replace: true, resetScroll: false });
    },
    [navigate],
  );
  return [state, onState] as const;
}
