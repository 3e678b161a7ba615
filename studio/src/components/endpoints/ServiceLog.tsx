import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { readServiceLog, serviceLogsUrl } from "../../api/services";
import type { Service } from "../../api/types";
import { joinLog, type LogWindow } from "../../format/log_window";
import { useSplitStyles } from "../files/FilesTab";
import { LogView } from "../files/LogView";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";

const POLL_MS = 1000;
const NOTHING: LogWindow = { text: "", offset: 0, size: 0 };

/** The log of an endpoint, read on from where it was left while the page is open. */
export function ServiceLog({ ws, service }: { ws: string; service: Service }) {
  const styles = useSplitStyles();
  const { name } = service;
  const [log, setLog] = useState<LogWindow | null>(null);
  const query = useQuery({
    queryKey: ["service-log", ws, name],
    queryFn: async ({ signal }) => {
      const offset = log?.size ?? 0;
      return { offset, text: await readServiceLog(ws, name, offset, signal) };
    },
    refetchInterval: POLL_MS,
    gcTime: 0,
  });
  const { data } = query;
  useEffect(() => {
    if (data) setLog((known) => joinLog(known ?? NOTHING, data));
  }, [data]);
  if (query.error && !log) {
    return <ErrorState error={query.error} what="The log could not be read." retry={() => void query.refetch()} />;
  }
  if (!log) return <LoadingPage />;
  return (
    <div className={styles.split}>
      <LogView
        name={`Log of ${name}`}
        text={log.text}
        live={service.state !== "deleted" && !query.error}
        download={serviceLogsUrl(ws, name)}
      />
    </div>
  );
}
