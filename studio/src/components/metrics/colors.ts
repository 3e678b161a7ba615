/** Colours that keep apart on both backgrounds, also for most colour-blind readers; the first is the product's own. */
const LIGHT = [
  "#2943ca",
  "#c2410c",
  "#0f766e",
  "#a21caf",
  "#a16207",
  "#0369a1",
  "#be123c",
  "#4d7c0f",
  "#6d28d9",
  "#57534e",
];
const DARK = [
  "#8eaef6",
  "#fb923c",
  "#2dd4bf",
  "#e879f9",
  "#facc15",
  "#38bdf8",
  "#fb7185",
  "#a3e635",
  "#c4b5fd",
  "#d6d3d1",
];

export function lineColor(index: number, dark: boolean): string {
  const palette = dark ? DARK : LIGHT;
  return palette[index % palette.length] ?? "#2943ca";
}

/** When the colours are used up, lines begin anew with dashes. */
export function isDashed(index: number): boolean {
  return index >= LIGHT.length;
}

/** How the mark of a line in a legend is filled: full, or hollow for a dashed one. */
export function markStyle(index: number, dark: boolean): { background: string; boxShadow?: string } {
  const color = lineColor(index, dark);
  return isDashed(index) ? { background: "transparent", boxShadow: `inset 0 0 0 2px ${color}` } : { background: color };
}

export interface ChartColors {
  text: string;
  grid: string;
  background: string;
}

export function chartColors(dark: boolean): ChartColors {
  return dark
    ? { text: "#c8c6c4", grid: "#3b3a39", background: "#292929" }
    : { text: "#605e5c", grid: "#edebe9", background: "#ffffff" };
}
