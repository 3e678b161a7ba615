import type { Points, StepRange } from "../../api/metrics";
import { smooth } from "../../format/smoothing";

export type XAxis = "step" | "time" | "relative";

export interface ChartSettings {
  x: XAxis;
  /** 0 (as logged) to 0.99. */
  smoothing: number;
  log: boolean;
}

/** One line of a chart. */
export interface Line {
  label: string;
  points: Points;
}

export type PlotColumns = [number[], ...(number | null | undefined)[][]];

/** x and y of a line in the order of x; relative time counts seconds from the line's first point. */
export function ordered(points: Points, x: XAxis): { xs: number[]; ys: number[]; steps: number[] } {
  const { steps, timestamps, values } = points;
  const start = Math.min(...timestamps.slice(0, 1), ...timestamps.slice(-1));
  const at = (i: number): number => {
    if (x === "step") return steps[i] ?? 0;
    const time = timestamps[i] ?? 0;
    return x === "time" ? time / 1000 : (time - start) / 1000;
  };
  const order = steps.map((_, i) => i);
  const sorted = order.every((i) => i === 0 || at(i) >= at(i - 1));
  if (!sorted) order.sort((a, b) => at(a) - at(b) || (timestamps[a] ?? 0) - (timestamps[b] ?? 0));
  return { xs: order.map(at), ys: order.map((i) => values[i] ?? NaN), steps: order.map((i) => steps[i] ?? 0) };
}

/** The steps of what is drawn between two x, with one point more on either side. */
export function stepsWithin(points: Points, x: XAxis, min: number, max: number): StepRange | null {
  const { xs, steps } = ordered(points, x);
  const first = xs.findIndex((at) => at >= min);
  const last = xs.findLastIndex((at) => at <= max);
  if (first < 0 || last < 0) return null;
  const shown = steps.slice(Math.max(0, first - 1), last + 2);
  return { start: shown.reduce((a, b) => Math.min(a, b)), end: shown.reduce((a, b) => Math.max(a, b)) };
}

function drawable(values: readonly number[], log: boolean): (number | null)[] {
  return values.map((value) => (Number.isFinite(value) && (!log || value > 0) ? value : null));
}

/**
 * The columns of a plot: x, then for every line its values as logged and, while smoothing is on, the smoothed ones.
 * Lines with different x are brought onto one axis; where a line has no point there is `undefined`, and NaN is a gap.
 */
export function plotColumns(lines: readonly Line[], settings: ChartSettings): PlotColumns {
  const columns = lines.map(({ points }) => {
    const { xs, ys } = ordered(points, settings.x);
    const raw = drawable(ys, settings.log);
    const smoothed = settings.smoothing > 0 ? [drawable(smooth(ys, settings.smoothing), settings.log)] : [];
    return { xs, ys: [raw, ...smoothed] };
  });
  const [only] = columns;
  if (!only) return [[]];
  return columns.length === 1 ? [only.xs, ...only.ys] : joined(columns);
}

function joined(columns: { xs: number[]; ys: (number | null)[][] }[]): PlotColumns {
  const every = [...new Set(columns.flatMap(({ xs }) => xs))].sort((a, b) => a - b);
  const place = new Map(every.map((x, i) => [x, i]));
  const result: (number | null | undefined)[][] = [];
  for (const { xs, ys } of columns) {
    for (const values of ys) {
      const column = new Array<number | null | undefined>(every.length).fill(undefined);
      xs.forEach((x, i) => {
        const at = place.get(x);
        if (at !== undefined) column[at] = values[i];
      });
      result.push(column);
    }
  }
  return [every, ...result];
}
