import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { artifactsQuery } from "../../api/artifacts";
import { isTerminal } from "../../api/runs";
import type { Run } from "../../api/types";
import { RunLog } from "../files/RunLog";
import { useSplitStyles } from "../files/split";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";

/** What a run's supervisor says while it prepares the environment; kept also of a build that failed. */
export const BUILD_LOG = "azureml-logs/20_image_build_log.txt";

const useStyles = makeStyles({
  frame: { height: "380px", flexShrink: 0 },
  none: { color: tokens.colorNeutralForeground3 },
});

/** A run's build log, growing while it is prepared. */
export function BuildLog({ ws, run }: { ws: string; run: Run }) {
  const styles = useStyles();
  const split = useSplitStyles();
  const query = useQuery(artifactsQuery(ws, run.id));
  const live = !isTerminal(run.status);
  if (query.error) {
    return (
      <ErrorState error={query.error} what="The build log could not be read." retry={() => void query.refetch()} />
    );
  }
  if (!query.data) return <LoadingPage />;
  const file = query.data.find(({ path }) => path === BUILD_LOG);
  if (!file) {
    return (
      <Text className={styles.none}>
        {live ? "The log appears here as soon as the build begins." : "This run ended before its build began."}
      </Text>
    );
  }
  return (
    <div className={mergeClasses(split.split, styles.frame)}>
      <RunLog ws={ws} run={run.id} path={BUILD_LOG} size={file.size ?? 0} live={live} wrapped />
    </div>
  );
}
