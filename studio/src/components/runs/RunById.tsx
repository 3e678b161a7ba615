import { useQuery } from "@tanstack/react-query";

import { runQuery } from "../../api/runs";
import { AppLink } from "../AppLink";
import { useWorkspace } from "../WorkspaceContext";
import { RunLink } from "./RunName";

/** A link to a run by its name; by its id until the name is known, and where the run is gone. */
export function RunById({ id }: { id: string }) {
  const ws = useWorkspace();
  const run = useQuery({ ...runQuery(ws, id), staleTime: 60_000, retry: false }).data;
  if (run) return <RunLink run={run} />;
  return (
    <AppLink to="/ws/$ws/runs/$id" params={{ ws, id }} cut title={id}>
      {id}
    </AppLink>
  );
}
