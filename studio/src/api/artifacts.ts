import { queryOptions } from "@tanstack/react-query";

import { encodePath, send, withQuery } from "./client";
import { allItems } from "./pages";
import { runKeys, runPath } from "./runs";
import type { ArtifactInfo } from "./types";

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

export interface FileText {
  text: string;
  /** Byte offset of the first character in the file. */
  offset: number;
  /** Bytes the whole file has. */
  size: number;
}

/** At most `limit` bytes of a text file: its beginning, or its end with `tail`. */
export async function readText(
  url: string,
  size: number,
  limit: number,
  options: { tail?: boolean; signal?: AbortSignal } = {},
): Promise<FileText> {
  if (size === 0) return { text: "", offset: 0, size: 0 };
  const start = options.tail ? Math.max(0, size - limit) : 0;
  const end = Math.min(size, start + limit) - 1;
  const whole = start === 0 && end === size - 1;
  const headers: Record<string, string> = whole ? {} : { Range: `bytes=${start}-${end}` };
  const response = await send(url, { headers, signal: options.signal });
  const bytes = await response.arrayBuffer();
  const offset = response.status === 206 ? start : 0;
  return { text: new TextDecoder().decode(bytes), offset, size: Math.max(size, offset + bytes.byteLength) };
}
