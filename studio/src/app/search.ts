/** What the addresses carry after the question mark: the state of a page that can be shared by its link. */

import { present, type TablePlace } from "../format/address";

export interface RunsSearch extends TablePlace {
  status?: string;
  tag?: string;
  children?: boolean;
  /** Of an experiment: what of it is listed. */
  tab?: string;
}

export interface RunSearch extends TablePlace {
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

export interface EnvironmentSearch extends TablePlace {
  version?: string;
  tab?: string;
  /** The version that the shown one is compared with. */
  against?: string;
  /** The id of the build whose log is shown. */
  build?: string;
}

/** Of a page with a table, or with tabs that may have one each. */
export interface TabSearch extends TablePlace {
  tab?: string;
}

export interface EndpointSearch extends TabSearch {
  /** Of an endpoint with versions: the one whose metrics or log are shown. */
  version?: string;
}

export interface ExperimentsSearch extends TablePlace {
  /** Which are listed: "active" if absent. */
  view?: string;
}

export interface SettingsSearch extends TabSearch {
  /** On what permissions are shown: "experiment:NAME" or "model:NAME". */
  on?: string;
}

type Raw = Record<string, unknown>;

function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function truth(raw: Raw, name: string): boolean | undefined {
  return raw[name] === undefined ? undefined : raw[name] === true || raw[name] === "true";
}

export function tablePlace(raw: Raw): TablePlace {
  return present<TablePlace>({ q: text(raw, "q"), sort: text(raw, "sort"), desc: truth(raw, "desc") });
}

export function runsSearch(raw: Raw): RunsSearch {
  return present<RunsSearch>({
    ...tablePlace(raw),
    status: text(raw, "status"),
    tag: text(raw, "tag"),
    children: raw["children"] === true || raw["children"] === "true" ? true : undefined,
    tab: text(raw, "tab"),
  });
}

export function runSearch(raw: Raw): RunSearch {
  return present<RunSearch>({ ...tablePlace(raw), tab: text(raw, "tab"), path: text(raw, "path") });
}

export function compareSearch(raw: Raw): CompareSearch {
  return { runs: text(raw, "runs") ?? "" };
}

export function environmentSearch(raw: Raw): EnvironmentSearch {
  return present<EnvironmentSearch>({
    ...tablePlace(raw),
    version: text(raw, "version"),
    tab: text(raw, "tab"),
    against: text(raw, "against"),
    build: text(raw, "build"),
  });
}

export function tabSearch(raw: Raw): TabSearch {
  return present<TabSearch>({ ...tablePlace(raw), tab: text(raw, "tab") });
}

export function endpointSearch(raw: Raw): EndpointSearch {
  return present<EndpointSearch>({ ...tabSearch(raw), version: text(raw, "version") });
}

export function experimentsSearch(raw: Raw): ExperimentsSearch {
  return present<ExperimentsSearch>({ ...tablePlace(raw), view: text(raw, "view") });
}

export function settingsSearch(raw: Raw): SettingsSearch {
  return present<SettingsSearch>({ ...tabSearch(raw), on: text(raw, "on") });
}

export function traceSearch(raw: Raw): TraceSearch {
  return present<TraceSearch>({ span: text(raw, "span") });
}
