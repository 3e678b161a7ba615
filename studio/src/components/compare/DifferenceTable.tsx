import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useMemo, type ReactNode } from "react";

import type { Run } from "../../api/types";
import { metric } from "../../format/number";
import { unitOf } from "../../format/unit";
import { AppLink } from "../AppLink";
import { markStyle } from "../metrics/colors";
import { Duration, RelativeTime } from "../RelativeTime";
import { RunStatusBadge } from "../StatusBadge";
import { useTheme } from "../theme";

const useStyles = makeStyles({
  box: {
    overflowX: "auto",
    flexShrink: 0,
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  table: { borderCollapse: "separate", borderSpacing: 0, minWidth: "100%" },
  name: {
    position: "sticky",
    left: 0,
    zIndex: 1,
    width: "180px",
    minWidth: "140px",
    maxWidth: "220px",
    textAlign: "left",
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground3,
    overflowWrap: "anywhere",
    background: tokens.colorNeutralBackground1,
  },
  cell: {
    padding: "8px 12px",
    minWidth: "150px",
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    overflowWrap: "anywhere",
    verticalAlign: "top",
  },
  group: {
    padding: "12px 12px 4px",
    textAlign: "left",
    fontWeight: tokens.fontWeightSemibold,
    fontSize: tokens.fontSizeBase200,
  },
  differs: { background: tokens.colorBrandBackground2 },
  head: { textAlign: "left", verticalAlign: "middle" },
  run: { display: "flex", alignItems: "center", columnGap: "8px", minWidth: 0 },
  dot: { width: "10px", height: "10px", borderRadius: "50%", flexShrink: 0 },
});

/** What every run has, above what only some have. */
const HEAD: [name: string, cell: (run: Run) => ReactNode][] = [
  ["Status", (run) => <RunStatusBadge status={run.status} />],
  ["Experiment", (run) => run.experiment_name],
  ["Started", (run) => <RelativeTime at={run.start_time ?? run.created_at} />],
  ["Duration", (run) => <Duration from={run.start_time} to={run.end_time} />],
];

interface Row {
  name: string;
  cells: ReactNode[];
  differs: boolean;
}

/** Parameters, metrics and tags of several runs, one column for each run. */
export function DifferenceTable({ ws, runs, onlyDifferent }: { ws: string; runs: Run[]; onlyDifferent: boolean }) {
  const styles = useStyles();
  const { isDark } = useTheme();
  const groups = useMemo(
    () =>
      [
        { title: "Parameters", rows: rowsOf(runs, (run) => run.params, String) },
        {
          title: "Metrics (latest)",
          rows: rowsOf(
            runs,
            (run) => run.metrics,
            (value, name) => [metric(Number(value)), unitOf(name)].filter(Boolean).join(" "),
          ),
        },
        { title: "Tags", rows: rowsOf(runs, visibleTags, String) },
      ].map((group) => ({ ...group, rows: group.rows.filter((row) => row.differs || !onlyDifferent) })),
    [runs, onlyDifferent],
  );
  const width = runs.length + 1;
  return (
    <div className={styles.box} tabIndex={0} role="region" aria-label="What differs">
      <table className={styles.table}>
        <thead>
          <tr>
            <td className={mergeClasses(styles.cell, styles.name)} />
            {runs.map((run, i) => (
              <th key={run.id} scope="col" className={mergeClasses(styles.cell, styles.head)}>
                <span className={styles.run}>
                  <span className={styles.dot} style={markStyle(i, isDark)} aria-hidden />
                  <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: run.id }} cut>
                    {run.display_name || run.id}
                  </AppLink>
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {HEAD.map(([name, cell]) => (
            <Line key={name} name={name} cells={runs.map((run) => cell(run))} />
          ))}
          {groups.map(({ title, rows }) =>
            rows.length === 0 ? null : (
              <FragmentRows key={title} title={title} width={width} rows={rows} mark={!onlyDifferent} />
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function FragmentRows({ title, width, rows, mark }: { title: string; width: number; rows: Row[]; mark: boolean }) {
  const styles = useStyles();
  return (
    <>
      <tr>
        <th className={styles.group} colSpan={width} scope="colgroup">
          {title}
        </th>
      </tr>
      {rows.map((row) => (
        <Line key={row.name} name={row.name} cells={row.cells} differs={row.differs && mark} />
      ))}
    </>
  );
}

function Line({ name, cells, differs = false }: { name: string; cells: ReactNode[]; differs?: boolean }) {
  const styles = useStyles();
  return (
    <tr>
      <th scope="row" className={mergeClasses(styles.cell, styles.name)}>
        {name}
      </th>
      {cells.map((cell, i) => (
        <td key={i} className={mergeClasses(styles.cell, differs && styles.differs)}>
          {cell}
        </td>
      ))}
    </tr>
  );
}

function visibleTags(run: Run): Record<string, string> {
  return Object.fromEntries(Object.entries(run.tags).filter(([key]) => !key.startsWith("mlflow.")));
}

function rowsOf(
  runs: Run[],
  of: (run: Run) => Record<string, unknown>,
  text: (value: unknown, name: string) => string,
): Row[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(of(run))))].sort((a, b) => a.localeCompare(b));
  return names.map((name) => {
    const values = runs.map((run) => of(run)[name]);
    return {
      name,
      cells: values.map((value) => (value === undefined ? "–" : text(value, name))),
      differs: values.some((value) => value !== values[0]),
    };
  });
}
