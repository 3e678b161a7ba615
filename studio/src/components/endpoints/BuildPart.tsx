import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { useMemo } from "react";

import { useServiceLog } from "../../api/logs";
import { serviceLogsUrl } from "../../api/services";
import type { Service } from "../../api/types";
import { buildLines } from "../../format/service_log";
import { Card } from "../Card";
import { LogView } from "../files/LogView";
import { useSplitStyles } from "../files/split";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";

const useStyles = makeStyles({
  frame: { height: "380px", flexShrink: 0 },
  none: { color: tokens.colorNeutralForeground3 },
});

/** Of an endpoint's log, what its supervisor said while it prepared the newest revision. */
export function BuildPart({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const split = useSplitStyles();
  const { data, error, refetch } = useServiceLog(ws, service.name);
  const text = useMemo(() => buildLines(data?.window.text ?? ""), [data]);
  if (error) return <ErrorState error={error} what="The log could not be read." retry={() => void refetch()} />;
  if (!data) return <LoadingPage />;
  return (
    <Card title="Build log">
      {text === "" ? (
        <Text className={styles.none}>The supervisor of this endpoint has said nothing yet.</Text>
      ) : (
        <div className={mergeClasses(split.split, styles.frame)}>
          <LogView
            name={`Build log of ${service.name}`}
            text={text}
            live={service.state === "deploying"}
            wrapped
            download={serviceLogsUrl(ws, service.name)}
          />
        </div>
      )}
    </Card>
  );
}
