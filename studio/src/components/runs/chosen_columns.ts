import { useCallback, useMemo, useState } from "react";

import type { Run } from "../../api/types";
import { suggestedColumns } from "../../format/run_columns";
import { useWorkspace } from "../WorkspaceContext";
import { DEFAULT_COLUMNS } from "./columns";

const KEY = "zaffre.columns.runs";

export interface ChosenColumns {
  chosen: readonly string[];
  choose: (columns: string[]) => void;
  /** Back to what the page shows by itself. */
  reset: () => void;
}

/**
 * The columns of a list of runs, kept for the next visit: one choice for the runs of a workspace, and one for each
 * experiment, which shows what its runs logged until somebody chooses.
 */
export function useChosenColumns(experiment: string | undefined, runs: readonly Run[] | undefined): ChosenColumns {
  const ws = useWorkspace();
  const key = experiment === undefined ? KEY : `${KEY}.${ws}/${experiment}`;
  const [kept, setKept] = useState(() => ({ key, columns: read(key) }));
  const stored = kept.key === key ? kept.columns : read(key);
  const own = useOwnColumns(key, experiment, runs);
  const chosen = useMemo(
    () => (stored ?? own).filter((id) => experiment === undefined || id !== "experiment"),
    [stored, own, experiment],
  );
  const choose = useCallback(
    (columns: string[]) => {
      setKept({ key, columns });
      localStorage.setItem(key, JSON.stringify(columns));
    },
    [key],
  );
  const reset = useCallback(() => {
    setKept({ key, columns: null });
    localStorage.removeItem(key);
  }, [key]);
  return { chosen, choose, reset };
}

/** What the page shows by itself. It stays as it was at first sight, so that no column jumps while runs log. */
function useOwnColumns(key: string, experiment: string | undefined, runs: readonly Run[] | undefined) {
  const [seen, setSeen] = useState<{ key: string; logged: string[] }>({ key, logged: [] });
  const logged = seen.key === key ? seen.logged : [];
  if (experiment !== undefined && logged.length === 0 && runs && runs.length > 0) {
    const found = suggestedColumns(runs);
    if (found.length > 0) setSeen({ key, logged: found });
  }
  const submitted = runs?.some((run) => run.target != null) ?? true;
  return useMemo(() => {
    const fixed = DEFAULT_COLUMNS.filter((id) => experiment === undefined || submitted || id !== "target");
    return [...fixed, ...(seen.key === key ? seen.logged : [])];
  }, [experiment, submitted, seen, key]);
}

function read(key: string): string[] | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as string[] | null;
  } catch {
    return null;
  }
}
