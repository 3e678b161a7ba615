import { useServiceLog } from "../../api/logs";
import { serviceLogsUrl } from "../../api/services";
import type { Service } from "../../api/types";
import { useSplitStyles } from "../files/split";
import { LogView } from "../files/LogView";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";

/** The log of an endpoint, followed while the page is open. */
export function ServiceLog({ ws, service }: { ws: string; service: Service }) {
  const styles = useSplitStyles();
  const { data, error, refetch } = useServiceLog(ws, service.name);
  if (error) return <ErrorState error={error} what="The log could not be read." retry={() => void refetch()} />;
  if (!data) return <LoadingPage />;
  return (
    <div className={styles.split}>
      <LogView
        name={`Log of ${service.name}`}
        text={data.window.text}
        live={service.state !== "deleted"}
        download={serviceLogsUrl(ws, service.name)}
      />
    </div>
  );
}
