import { queryOptions } from "@tanstack/react-query";

import type { LogWindow } from "../format/log_window";
import { encodePath, send, withQuery } from "./client";
import { allItems } from "./pages";
import { runKeys, runPath } from "./runs";
import type { ArtifactInfo } from "./types";

const NEWLINE = 10;

export const artifactKeys = {
  list: (ws: string, run: string) => [...runKeys.detail(ws, run), "artifacts"] as const,
};

export const artifactsQuery = (ws: string, run: string) =>
  queryOptions({
    queryKey: artifactKeys.list(ws, run),
    queryFn: ({ signal }) =>
      allItems<ArtifactInfo>(`${runPath(ws, run)}/artifacts`, { recursive: true, limit: 1000 }, signal),
  });

export function artifactUrl(ws: string, run: string, path: string, inline = false): string {
  return withQuery(`${runPath(ws, run)}/artifacts/${encodePath(path)}`, inline ? { inline: true } : {});
}

export function artifactsZipUrl(ws: string, run: string): string {
  return `${runPath(ws, run)}/artifacts.zip`;
}

/** At most `limit` bytes of a text file: its beginning, or with `tail` its end, from the beginning of a line on. */
export async function readText(
  url: string,
  size: number,
  limit: number,
  options: { tail?: boolean; signal?: AbortSignal } = {},
): Promise<LogWindow> {
  if (size === 0) return { text: "", offset: 0, size: 0 };
  const start = options.tail ? Math.max(0, size - limit) : 0;
  const end = Math.min(size, start + limit) - 1;
  const whole = start === 0 && end === size - 1;
  const headers: Record<string, string> = whole ? {} : { Range: `bytes=${start}-${end}` };
  const response = await send(url, { headers, signal: options.signal });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const from = response.status === 206 ? start : 0;
  const cut = from > 0 ? bytes.indexOf(NEWLINE) + 1 : 0;
  return { text: new TextDecoder().decode(bytes.subarray(cut)), offset: from + cut, size: from + bytes.byteLength };
}
