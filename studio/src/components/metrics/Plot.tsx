import "uplot/dist/uPlot.min.css";

import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";

import { duration } from "../../format/time";
import { metric } from "../../format/number";
import { useTheme } from "../theme";
import { chartColors, isDashed, lineColor } from "./colors";
import { plotColumns, type ChartSettings, type Line } from "./plot_data";

const FONT = "12px 'Segoe UI', -apple-system, BlinkMacSystemFont, Roboto, sans-serif";

// uPlot names the kinds of scales only in its types.
const LOGARITHMIC = { distr: 3 } as unknown as uPlot.Scale;

interface Props {
  lines: readonly Line[];
  settings: ChartSettings;
  height: number;
  /** The y axis begins at 0 and has some room above: for counts and amounts. */
  fromZero?: boolean;
  /** The row of the data under the cursor, or null. */
  onCursor?: (at: Cursor | null) => void;
  /** The stretch of x that is shown, null for all of it. */
  onZoom?: (stretch: { min: number; max: number } | null) => void;
}

export interface Cursor {
  x: number;
  values: (number | null | undefined)[];
}

/** Lines on a canvas. Drag to zoom into a stretch, double click to see all of it again. */
export function Plot({ lines, settings, height, fromZero = false, onCursor, onZoom }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(false);
  const handlers = useRef({ onCursor, onZoom });
  const { isDark } = useTheme();
  const data = useMemo(() => plotColumns(lines, settings), [lines, settings]);
  const latest = useRef(data);
  const labels = lines.map((line) => line.label).join("\n");

  useEffect(() => {
    handlers.current = { onCursor, onZoom };
    latest.current = data;
  });

  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const options = plotOptions(labels.split("\n"), settings, isDark, node.clientWidth, height, fromZero);
    const show = (u: uPlot) => {
      const at = u.cursor.idx;
      const x = at == null ? undefined : u.data[0][at];
      if (at == null || x === undefined) handlers.current.onCursor?.(null);
      else handlers.current.onCursor?.({ x, values: u.data.slice(1).map((column) => column[at]) });
    };
    const follow = (u: uPlot, scale: string) => {
      if (scale !== "x") return;
      const xs = u.data[0];
      const { min, max } = u.scales["x"] ?? {};
      const all = min == null || max == null || (min <= (xs[0] ?? min) && max >= (xs[xs.length - 1] ?? max));
      zoomed.current = !all;
      handlers.current.onZoom?.(all ? null : { min, max });
    };
    const made = new uPlot({ ...options, hooks: { setCursor: [show], setScale: [follow] } }, latest.current, node);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height }));
    observer.observe(node);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [labels, settings, isDark, height, fromZero]);

  useEffect(() => {
    plot.current?.setData(data, !zoomed.current);
    if (zoomed.current) plot.current?.redraw();
  }, [data]);

  return <div ref={box} style={{ width: "100%", height, minWidth: 0 }} />;
}

function plotOptions(
  labels: string[],
  settings: ChartSettings,
  dark: boolean,
  width: number,
  height: number,
  fromZero: boolean,
): uPlot.Options {
  const colors = chartColors(dark);
  const axis = {
    stroke: colors.text,
    font: FONT,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 4 },
  };
  return {
    width,
    height,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: true, y: false }, focus: { prox: 24 } },
    scales: {
      x: { time: settings.x === "time" },
      y: settings.log ? LOGARITHMIC : fromZero ? { range: amountRange } : {},
    },
    axes: [
      { ...axis, size: settings.x === "time" ? 44 : 28, space: 64, ...xValues(settings) },
      {
        ...axis,
        // Before the first drawing there are no values, whatever the types say.
        size: (_, values: string[] | null) => 14 + 7 * Math.max(4, ...(values ?? []).map((value) => value.length)),
        // Of a logarithmic axis only some marks are named; the others are null.
        values: (_, splits: (number | null)[]) => splits.map((value) => (value === null ? "" : metric(value))),
      },
    ],
    series: [{}, ...labels.flatMap((label, i) => lineSeries(label, i, dark, settings.smoothing > 0))],
  };
}

/** Nothing is told by 0, so the axis has a length also where there is nothing else. */
function amountRange(_: uPlot, _low: number | null, high: number | null): [number, number] {
  return [0, high ? high * 1.1 : 1];
}

const DAY = "\n{MMM} {D}";

/** Times of the axis by how far apart they are, with the day where it changes: as everywhere, with 24 hours. */
const TIMES: uPlot.Axis.Values = [
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600 * 24, "{MMM} {D}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", DAY, null, DAY, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", DAY, null, DAY, null, null, null, 1],
  [0.001, "{HH}:{mm}:{ss}.{fff}", DAY, null, DAY, null, null, null, 1],
];

function xValues(settings: ChartSettings): Partial<uPlot.Axis> {
  if (settings.x === "time") return { values: TIMES };
  const text = settings.x === "step" ? metric : (seconds: number) => duration(seconds * 1000);
  return { values: (_, splits) => splits.map(text), ...(settings.x === "step" ? { incrs: WHOLE } : {}) };
}

/** Steps are whole numbers. */
const WHOLE = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((e) => n * 10 ** e)).sort((a, b) => a - b);

function lineSeries(label: string, index: number, dark: boolean, smoothed: boolean): uPlot.Series[] {
  const color = lineColor(index, dark);
  const line: uPlot.Series = {
    label,
    stroke: color,
    width: 2,
    spanGaps: false,
    points: { size: 5, fill: color },
    ...(isDashed(index) ? { dash: [8, 4] } : {}),
  };
  if (!smoothed) return [line];
  return [
    { ...line, width: 1, alpha: 0.28, points: { show: false } },
    { ...line, points: { show: false } },
  ];
}
