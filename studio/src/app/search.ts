/** What the addresses carry after the question mark: the state of a page that can be shared by its link. */

export interface RunsSearch {
  q?: string;
  status?: string;
  tag?: string;
  sort?: string;
  desc?: boolean;
  children?: boolean;
  /** Of an experiment: what of it is listed. */
  tab?: string;
}

export interface RunSearch {
  tab?: string;
  path?: string;
}

export interface TraceSearch {
  /** The id of the chosen span. */
  span?: string;
}

export interface CompareSearch {
  /** Ids of runs, separated by commas. */
  runs: string;
}

export interface EnvironmentSearch {
  version?: string;
  tab?: string;
  /** The version that the shown one is compared with. */
  against?: string;
  /** The id of the build whose log is shown. */
  build?: string;
}

/** Of a page with nothing but tabs. */
export interface TabSearch {
  tab?: string;
}

type Raw = Record<string, unknown>;

function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Only what is there: an absent setting leaves no trace in the address. */
function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

export function runsSearch(raw: Raw): RunsSearch {
  return present<RunsSearch>({
    q: text(raw, "q"),
    status: text(raw, "status"),
    tag: text(raw, "tag"),
    sort: text(raw, "sort"),
    desc: raw["desc"] === undefined ? undefined : raw["desc"] === true || raw["desc"] === "true",
    children: raw["children"] === true || raw["children"] === "true" ? true : undefined,
    tab: text(raw, "tab"),
  });
}

export function runSearch(raw: Raw): RunSearch {
  return present<RunSearch>({ tab: text(raw, "tab"), path: text(raw, "path") });
}

export function compareSearch(raw: Raw): CompareSearch {
  return { runs: text(raw, "runs") ?? "" };
}

export function environmentSearch(raw: Raw): EnvironmentSearch {
  return present<EnvironmentSearch>({
    version: text(raw, "version"),
    tab: text(raw, "tab"),
    against: text(raw, "against"),
    build: text(raw, "build"),
  });
}

export function tabSearch(raw: Raw): TabSearch {
  return present<TabSearch>({ tab: text(raw, "tab") });
}

export function traceSearch(raw: Raw): TraceSearch {
  return present<TraceSearch>({ span: text(raw, "span") });
}
