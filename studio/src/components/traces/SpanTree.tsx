import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useMemo, useState } from "react";

import type { Span } from "../../api/types";
import { bar, spanTree, ticks, timeRange, visibleSpans, type SpanNode, type TimeRange } from "../../format/spans";
import { duration } from "../../format/time";
import { TreeView, type TreeItem } from "../tree/TreeView";
import { SpanIcon } from "./SpanIcon";

const useStyles = makeStyles({
  name: { flex: "1 1 0", minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  failed: { color: tokens.colorStatusDangerForeground2 },
  time: {
    flexShrink: 0,
    width: "64px",
    textAlign: "right",
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightRegular,
    fontVariantNumeric: "tabular-nums",
    color: tokens.colorNeutralForeground3,
  },
  track: {
    position: "relative",
    flex: "0 0 38%",
    height: "16px",
    "@media (max-width: 767px)": { flex: "0 0 26%" },
  },
  bar: {
    position: "absolute",
    top: "3px",
    height: "10px",
    minWidth: "2px",
    borderRadius: tokens.borderRadiusSmall,
    background: tokens.colorCompoundBrandBackground,
  },
  barFailed: { background: tokens.colorStatusDangerBackground3 },
  axis: {
    display: "flex",
    alignItems: "center",
    padding: "6px 16px 2px 12px",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
  },
  axisName: { flex: "1 1 0" },
  axisTicks: {
    position: "relative",
    flex: "0 0 38%",
    height: "18px",
    "@media (max-width: 767px)": { flex: "0 0 26%" },
  },
  tick: { position: "absolute", top: 0, whiteSpace: "nowrap", transform: "translateX(-50%)" },
});

interface Props {
  spans: Span[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
}

/** The spans of a trace below each other, each with a bar that says when it ran. */
export function SpanTree({ spans, chosen, onChoose }: Props) {
  const tree = useMemo(() => spanTree(spans), [spans]);
  const range = useMemo(() => timeRange(spans), [spans]);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const items = useMemo(
    () => visibleSpans(tree, closed).map((node) => itemOf(node, closed.has(node.span.id))),
    [tree, closed],
  );
  const toggle = ({ key }: TreeItem<Span>) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    setClosed(next);
  };
  return (
    <>
      <Axis range={range} />
      <TreeView
        label="Spans"
        items={items}
        chosen={chosen}
        onChoose={(item) => onChoose(item.key)}
        onToggle={toggle}
        chooseOnMove
      >
        {(span) => <SpanRow span={span} range={range} />}
      </TreeView>
    </>
  );
}

function itemOf(node: SpanNode<Span>, closed: boolean): TreeItem<Span> {
  const { span, level, children } = node;
  const open = children.length > 0 ? !closed : undefined;
  return { key: span.id, value: span, level, open, title: `${span.name} (${span.type})` };
}

function SpanRow({ span, range }: { span: Span; range: TimeRange }) {
  const styles = useStyles();
  const failed = span.status === "ERROR";
  const { left, width } = bar(span, range);
  return (
    <>
      <SpanIcon type={span.type} failed={failed} />
      <span className={mergeClasses(styles.name, failed && styles.failed)}>{span.name}</span>
      <span className={styles.time}>{spanDuration(span)}</span>
      <span className={styles.track} aria-hidden>
        <span
          className={mergeClasses(styles.bar, failed && styles.barFailed)}
          style={{ left: `min(${left}%, calc(100% - 2px))`, width: `${width}%` }}
        />
      </span>
    </>
  );
}

/** In milliseconds, or finer for the very short. */
export function spanDuration(span: Span): string {
  if (span.end_ns === null) return "…";
  const milliseconds = (span.end_ns - span.start_ns) / 1e6;
  return milliseconds < 1 ? `${Math.round(milliseconds * 1000)} µs` : duration(milliseconds);
}

const MOST_TICKS = 3;

function Axis({ range }: { range: TimeRange }) {
  const styles = useStyles();
  const total = (range.end - range.start) / 1e6;
  return (
    <div className={styles.axis} aria-hidden>
      <span className={styles.axisName}>Span</span>
      <span className={styles.axisTicks}>
        {ticks(total, MOST_TICKS)
          .filter((at) => at <= total * 0.95)
          .map((at) => (
            <span
              key={at}
              className={styles.tick}
              style={at === 0 ? { left: 0, transform: "none" } : { left: `${(at / total) * 100}%` }}
            >
              {at > 0 && at < 1 ? `${Math.round(at * 1000)} µs` : duration(at)}
            </span>
          ))}
      </span>
    </div>
  );
}
