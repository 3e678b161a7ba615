import { LayerDiagonal24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentUsesQuery, explanationQuery } from "../../api/environments";
import type { EnvironmentVersion } from "../../api/types";
import { packagesOf } from "../../format/environment";
import { CodeBlock } from "../CodeBlock";
import { Columns } from "../Columns";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { Packages } from "./Packages";
import { UseFacts } from "./UseFacts";

/**
 * The lock that the newest run or endpoint got of this version, else the one of the server's machine: the same
 * definition may resolve to others elsewhere.
 */
export function ResolvedTab({ ws, environment }: { ws: string; environment: EnvironmentVersion }) {
  const query = useQuery(environmentUsesQuery(ws, environment.name));
  const asked = useMemo(() => packagesOf(environment.definition), [environment]);
  const use = query.data?.find((one) => one.lock && one.version === environment.version);
  const told = useQuery({
    ...explanationQuery(ws, environment.name, environment.version),
    enabled: query.data !== undefined && use === undefined,
    retry: false,
  });
  if (query.error) return <ErrorState error={query.error} what="The uses could not be listed." />;
  if (!query.data || (use === undefined && told.isPending)) return <LoadingPage />;
  if (use?.lock) {
    return <Columns main={<Packages lock={use.lock} asked={asked} />} side={<UseFacts use={use} />} />;
  }
  if (told.data?.lock) return <Packages lock={told.data.lock} asked={asked} />;
  return (
    <EmptyState
      icon={<LayerDiagonal24Regular />}
      title="Not resolved yet"
      hint="The packages are known here once a run or an endpoint has used this version. To see them before, build it."
    >
      <CodeBlock
        snippets={[{ title: "Terminal", code: `zaffre environment build ${environment.name}:${environment.version}` }]}
      />
    </EmptyState>
  );
}
