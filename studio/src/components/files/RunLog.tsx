import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { artifactUrl, readText, type FileText } from "../../api/artifacts";
import { useStream } from "../../api/live";
import type { LogChunk } from "../../api/types";
import { joinLog } from "../../format/log_window";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";
import { LogView } from "./LogView";

const WINDOW = 1024 * 1024;

interface Props {
  ws: string;
  run: string;
  path: string;
  size: number;
  live: boolean;
}

/** The end of a run's log, growing while the run goes on. */
export function RunLog({ ws, run, path, size, live }: Props) {
  const url = artifactUrl(ws, run, path);
  const [log, setLog] = useState<FileText | null>(null);
  const pending = useRef<LogChunk[]>([]);
  const start = useRef(size);
  const first = useQuery({
    queryKey: ["log", url],
    queryFn: ({ signal }) => readText(url, start.current, WINDOW, { tail: true, signal }),
    gcTime: 0,
    staleTime: Infinity,
  });
  const { data } = first;
  useEffect(() => {
    if (!data) return;
    setLog(pending.current.reduce(joinLog, data));
    pending.current = [];
  }, [data]);

  useStream({ run, log: path }, (event) => {
    if (event.event !== "log") return;
    const chunk = JSON.parse(event.data) as LogChunk;
    if (chunk.path !== path) return;
    if (log === null) pending.current.push(chunk);
    else setLog((known) => known && joinLog(known, chunk));
  });

  const earlier = useCallback(() => {
    if (!log) return;
    const from = Math.max(0, log.offset - WINDOW);
    void readText(url, log.offset, log.offset - from, { tail: true }).then((before) =>
      setLog((known) => known && { ...known, text: before.text + known.text, offset: before.offset }),
    );
  }, [log, url]);

  if (first.error) {
    return <ErrorState error={first.error} what={`${path} could not be read.`} retry={() => void first.refetch()} />;
  }
  if (!log) return <LoadingPage />;
  return (
    <LogView name={path} text={log.text} live={live} onEarlier={log.offset > 0 ? earlier : undefined} download={url} />
  );
}
