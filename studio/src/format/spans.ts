/** What the drawing of a span tree needs of a span. Times are nanoseconds since the epoch. */
export interface TimedSpan {
  id: string;
  parent_id: string | null;
  start_ns: number;
  end_ns: number | null;
}

export interface SpanNode<T extends TimedSpan> {
  span: T;
  level: number;
  children: SpanNode<T>[];
}

/** The spans as trees. A span whose parent is not among them is a root, and so is one of a circle of parents. */
export function spanTree<T extends TimedSpan>(spans: readonly T[]): SpanNode<T>[] {
  const nodes = new Map<string, SpanNode<T>>(spans.map((span) => [span.id, { span, level: 1, children: [] }]));
  const roots: SpanNode<T>[] = [];
  const placed = new Set<string>();
  for (const span of spans) {
    const node = nodes.get(span.id);
    if (!node || placed.has(span.id)) continue;
    placed.add(span.id);
    const parent = span.parent_id === null ? undefined : nodes.get(span.parent_id);
    if (parent && !below(span.id, span.parent_id, nodes)) parent.children.push(node);
    else roots.push(node);
  }
  level(roots, 1);
  return roots;
}

/** True if `id` is `start` or stands above it. */
function below<T extends TimedSpan>(id: string, start: string | null, nodes: Map<string, SpanNode<T>>): boolean {
  const seen = new Set<string>();
  for (let at = start; at !== null && !seen.has(at); at = nodes.get(at)?.span.parent_id ?? null) {
    if (at === id) return true;
    seen.add(at);
  }
  return false;
}

function level<T extends TimedSpan>(nodes: SpanNode<T>[], at: number): void {
  nodes.sort((a, b) => a.span.start_ns - b.span.start_ns);
  for (const node of nodes) {
    node.level = at;
    level(node.children, at + 1);
  }
}

/** The rows of the tree, without what stands below a closed node. */
export function visibleSpans<T extends TimedSpan>(nodes: SpanNode<T>[], closed: ReadonlySet<string>): SpanNode<T>[] {
  return nodes.flatMap((node) => [node, ...(closed.has(node.span.id) ? [] : visibleSpans(node.children, closed))]);
}

export interface TimeRange {
  start: number;
  end: number;
}

/** From the first beginning to the last end, in nanoseconds; never empty. */
export function timeRange(spans: readonly TimedSpan[]): TimeRange {
  const start = spans.reduce((least, span) => Math.min(least, span.start_ns), Infinity);
  const end = spans.reduce((most, span) => Math.max(most, span.end_ns ?? span.start_ns), -Infinity);
  return Number.isFinite(start) ? { start, end: Math.max(end, start + 1) } : { start: 0, end: 1 };
}

/** Where a span's bar lies, in percent of the range; what has not ended goes on to its end. */
export function bar(span: TimedSpan, range: TimeRange): { left: number; width: number } {
  const all = range.end - range.start;
  const left = ((span.start_ns - range.start) / all) * 100;
  return { left, width: (((span.end_ns ?? range.end) - span.start_ns) / all) * 100 };
}

/** Round marks for a time axis: at most `most` of them, in milliseconds from its beginning, 0 among them. */
export function ticks(milliseconds: number, most: number): number[] {
  const rough = milliseconds / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((n) => n * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(milliseconds / step) + 1 }, (_, i) => i * step);
}
