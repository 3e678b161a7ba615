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
 * experiment, which shows what its runs logged until somebody chooses. For one experiment as long as it lives.
 */
export function useChosenColumns(experiment: string | undefined, runs: readonly Run[] | undefined): ChosenColumns {
  const ws = useWorkspace();
  const key = experiment === undefined ? KEY : `${KEY}.${ws}/${experiment}`;
  const [stored, setStored] = useState(() => read(key));
  const own = useOwnColumns(experiment, runs);
  const chosen = useMemo(
    () => (stored ?? own).filter((id) => experiment === undefined || id !== "experiment"),
    [stored, own, experiment],
  );
  const choose = useCallback(
    (columns: string[]) => {
      setStored(columns);
      localStorage.setItem(key, JSON.stringify(columns));
    },
    [key],
  );
  const reset = useCallback(() => {
    setStored(null);
    localStorage.removeItem(key);
  }, [key]);
  return { chosen, choose, reset };
}

/** What the page shows by itself. It stays as it was at first sight, so that no column jumps while runs log. */
function useOwnColumns(experiment: string | undefined, runs: readonly Run[] | undefined) {
  const [logged, setLogged] = useState<string[]>([]);
  if (experiment !== undefined && logged.length === 0 && runs && runs.length > 0) {
    const found = suggestedColumns(runs);
    if (found.length > 0) setLogged(found);
  }
  const submitted = runs?.some((run) => run.target != null) ?? true;
  return useMemo(() => {
    const fixed = DEFAULT_COLUMNS.filter((id) => experiment === undefined || submitted || id !== "target");
    return [...fixed, ...logged];
  }, [experiment, submitted, logged]);
}

function read(key: string): string[] | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as string[] | null;
  } catch {
    return null;
  }
}
