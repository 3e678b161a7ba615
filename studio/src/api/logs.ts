import { useQuery } from "@tanstack/react-query";

import { joinLog, type LogWindow } from "../format/log_window";
import { artifactUrl, readText } from "./artifacts";
import { useStream } from "./live";
import { readServiceLog } from "./services";
import type { Topics } from "./stream";
import type { LogChunk } from "./types";

export const logKeys = {
  run: (ws: string, run: string, path: string) => ["log", ws, "run", run, path] as const,
  service: (ws: string, name: string) => ["log", ws, "service", name] as const,
};

/** Of a long log the end is shown first. */
export const LOG_WINDOW = 1024 * 1024;

/** A log as far as it was read, and the size it had then: the stream goes on from there. */
interface Log {
  window: LogWindow;
  begin: number;
}

interface Source {
  key: readonly string[];
  read: (signal: AbortSignal) => Promise<LogWindow>;
  topics: Topics;
  path: string | null;
}

function useLog({ key, read, topics, path }: Source) {
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }): Promise<Log> => {
      const window = await read(signal);
      return { window, begin: window.size };
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const begin = query.data?.begin;
  useStream(begin === undefined ? null : { ...topics, log_offset: begin }, (event, client) => {
    if (event.event !== "log") return;
    const chunk = JSON.parse(event.data) as LogChunk;
    if (path !== null && chunk.path !== path) return;
    client.setQueryData<Log>(key, (log) => log && { ...log, window: joinLog(log.window, chunk) });
  });
  return query;
}

/** The end of a run's log, growing with the run. `size` is what the list of files says it has. */
export function useRunLog(ws: string, run: string, path: string, size: number) {
  return useLog({
    key: logKeys.run(ws, run, path),
    read: (signal) => readText(artifactUrl(ws, run, path), size, LOG_WINDOW, { tail: true, signal }),
    topics: { run, log: path },
    path,
  });
}

const encoder = new TextEncoder();

/** The log of an endpoint, growing while it serves. */
export function useServiceLog(ws: string, name: string) {
  return useLog({
    key: logKeys.service(ws, name),
    read: async (signal) => {
      const text = await readServiceLog(ws, name, 0, signal);
      return { text, offset: 0, size: encoder.encode(text).length };
    },
    topics: { service: name, log: "service" },
    path: null,
  });
}

/** The log with up to `LOG_WINDOW` bytes more of what stands before it. */
export async function withEarlier(ws: string, run: string, path: string, log: Log): Promise<Log> {
  const { window } = log;
  const limit = Math.min(LOG_WINDOW, window.offset);
  const before = await readText(artifactUrl(ws, run, path), window.offset, limit, { tail: true });
  return { ...log, window: { ...window, text: before.text + window.text, offset: before.offset } };
}
