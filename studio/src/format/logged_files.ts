import { extension, fileKind } from "./files";

/** One image of a series that was logged under one key. */
export interface SeriesImage {
  path: string;
  step: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

export interface ImageSeries {
  key: string;
  images: SeriesImage[];
}

/**
 * MLflow's name of an image with a key: `images/<key>+step+<n>+timestamp+<ms>+<uuid>.<type>`, in older clients with "%"
 * in place of "+"; a slash of the key is written as "~" or "#". Beside each lies a smaller copy, `...+compressed.webp`.
 */
const NAME = /^images\/(.+?)([+%])step\2(-?\d+)\2timestamp\2(\d+)\2([^+%]+?)(\2compressed)?\.[a-z]+$/i;

export interface LoggedImages {
  series: ImageSeries[];
  /** Paths of all other images. */
  single: string[];
}

/** The images among a run's files: those with a key by key and step, and the others. */
export function loggedImages(paths: readonly string[]): LoggedImages {
  const byKey = new Map<string, SeriesImage[]>();
  const single: string[] = [];
  for (const path of paths) {
    const match = NAME.exec(path);
    if (match) {
      const [, key = "", separator, step, timestamp, , compressed] = match;
      if (compressed) continue;
      const name = key.replaceAll(separator === "+" ? "~" : "#", "/");
      byKey.set(name, [...(byKey.get(name) ?? []), { path, step: Number(step), timestamp: Number(timestamp) }]);
    } else if (fileKind(path) === "image") single.push(path);
  }
  const series = [...byKey].map(([key, images]) => ({
    key,
    images: images.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp),
  }));
  return { series: series.sort((a, b) => a.key.localeCompare(b.key)), single: single.sort() };
}

/** The tag in which MLflow names the files that `log_table` wrote. */
const TABLES_TAG = "mlflow.loggedArtifacts";

/** The paths of a run's tables, as MLflow's tag names them. */
export function loggedTables(tags: Record<string, string>): string[] {
  try {
    const known = JSON.parse(tags[TABLES_TAG] ?? "[]") as { path?: unknown; type?: unknown }[];
    const paths = known.flatMap(({ path, type }) => (type === "table" && typeof path === "string" ? [path] : []));
    return [...new Set(paths)].filter((path) => extension(path) === "json").sort();
  } catch {
    return [];
  }
}

export type TableRow = Record<string, unknown>;

/** The rows of a table as pandas writes it in the "split" orientation; undefined for any other document. */
export function splitRows(document: unknown): TableRow[] | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  const { columns, data } = document as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data)) return undefined;
  return data.map((cells: unknown) =>
    Object.fromEntries(columns.map((name, i) => [String(name), Array.isArray(cells) ? (cells as unknown[])[i] : null])),
  );
}

/** The file that a cell shows, where MLflow put an image in the table. */
export function cellImage(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, filepath } = value as { type?: unknown; filepath?: unknown };
  return type === "image" && typeof filepath === "string" ? filepath : undefined;
}
