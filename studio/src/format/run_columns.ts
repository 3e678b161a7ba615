/** What a list of runs has to show of them: the names of metrics and parameters, with their values. */
export interface Logged {
  metrics: Record<string, unknown>;
  params: Record<string, unknown>;
}

const METRICS = 3;
const PARAMETERS = 4;
/** MLflow's figures of the machine say how a run was made, not how good it is. */
const OF_THE_MACHINE = /^system\//;

/**
 * Columns for runs of one experiment, as "metric:NAME" and "param:NAME": the metrics that most of them have, then the
 * parameters in which they differ.
 */
export function suggestedColumns(runs: readonly Logged[]): string[] {
  const metrics = mostCommon(runs, (run) => Object.keys(run.metrics)).filter((name) => !OF_THE_MACHINE.test(name));
  const params = mostCommon(runs, (run) => Object.keys(run.params));
  const differing = runs.length > 1 ? params.filter((name) => differs(runs, name)) : params;
  return [
    ...metrics.slice(0, METRICS).map((name) => `metric:${name}`),
    ...differing.slice(0, PARAMETERS).map((name) => `param:${name}`),
  ];
}

function mostCommon(runs: readonly Logged[], names: (run: Logged) => string[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) for (const name of names(run)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([name]) => name);
}

function differs(runs: readonly Logged[], name: string): boolean {
  return runs.some((run) => run.params[name] !== runs[0]?.params[name]);
}
