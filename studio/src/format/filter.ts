/** MLflow's search grammar, as far as a search box needs it. */

const COMPARES = /(!=|<=|>=|=|<|>|\bI?LIKE\b|\bIN\b|\bIS\b)/i;
const FIELD =
  /^\s*(?:(?:metrics?|params?|tags?|attributes?|parameters?|run|attr)\s*\.|[`"]?\w+[`"]?\s*(?:!=|<=|>=|=|<|>|\bI?LIKE\b|\bIN\b))/i;

/** True if the text is a filter of the grammar, not words to look for in names. */
export function isFilter(text: string): boolean {
  return COMPARES.test(text) && FIELD.test(text);
}

const TRACE_FIELD =
  /^\s*(?:(?:tags?|attributes?|trace|metadata|request_metadata|feedback|expectation|span|issue)\s*\.|\w+\s*(?:!=|<=|>=|=|<|>|\bR?I?LIKE\b|\bIN\b))/i;

/** The same of the grammar for traces. */
export function isTraceFilter(text: string): boolean {
  return COMPARES.test(text) && TRACE_FIELD.test(text);
}

/** The filter for what was typed into a search box; words are looked for in the runs' names. */
export function searchFilter(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  if (isFilter(trimmed)) return trimmed;
  return `attributes.run_name ILIKE ${likeText(trimmed)}`;
}

/** The pattern of ILIKE for a text that stands anywhere. The grammar cannot hold its own quotes. */
export function likeText(text: string): string {
  return `'%${text.replaceAll("'", "")}%'`;
}

export interface Sorting {
  id: string;
  desc: boolean;
}

/** The `order` for a column: `metric:<name>` and `param:<name>` for those, else a run's attribute. */
export function orderBy(sorting: Sorting | undefined): string | undefined {
  if (!sorting) return undefined;
  const direction = sorting.desc ? "DESC" : "ASC";
  const [kind, ...rest] = sorting.id.split(":");
  const name = rest.join(":");
  if (kind === "metric") return `metrics.${quoteKey(name)} ${direction}`;
  if (kind === "param") return `params.${quoteKey(name)} ${direction}`;
  return `attributes.${sorting.id} ${direction}`;
}

function quoteKey(key: string): string {
  return /^\w+$/.test(key) ? key : `\`${key.replaceAll("`", "")}\``;
}
