import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { ChevronDown16Regular, ChevronRight16Regular } from "@fluentui/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";

const HEIGHT = 32;

const useStyles = makeStyles({
  box: { overflow: "auto", minHeight: 0, flex: "1 1 auto", padding: "4px" },
  inner: { position: "relative", width: "100%" },
  row: {
    position: "absolute",
    left: 0,
    right: 0,
    height: `${HEIGHT}px`,
    display: "flex",
    alignItems: "center",
    columnGap: "6px",
    padding: "0 8px 0 4px",
    borderRadius: tokens.borderRadiusMedium,
    cursor: "pointer",
    userSelect: "none",
    ":hover": { background: tokens.colorSubtleBackgroundHover },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
  chosen: { background: tokens.colorSubtleBackgroundSelected, fontWeight: tokens.fontWeightSemibold },
  indent: { flexShrink: 0, marginRight: "-6px" },
  chevron: { display: "inline-flex", flexShrink: 0, width: "16px", color: tokens.colorNeutralForeground3 },
});

/** One row of a tree, as it stands in the flat list of those that are visible. */
export interface TreeItem<T> {
  /** Unique in the tree. */
  key: string;
  value: T;
  /** From 1. */
  level: number;
  /** Undefined: it has nothing below it. */
  open: boolean | undefined;
  title: string;
}

interface Props<T> {
  label: string;
  items: readonly TreeItem<T>[];
  chosen: string | undefined;
  /** A row was clicked, or Enter pressed on it. */
  onChoose: (item: TreeItem<T>) => void;
  /** Open or close a row that has others below it. */
  onToggle: (item: TreeItem<T>) => void;
  /** Moving to a row chooses it: for trees with the chosen thing beside them. */
  chooseOnMove?: boolean;
  children: (value: T) => ReactNode;
}

/** Rows below rows. Arrow keys move, open and close; only what is in view is drawn. */
export function TreeView<T>(props: Props<T>) {
  const { label, items, chosen, onChoose, onToggle, children } = props;
  const styles = useStyles();
  const { box, virtual, reachable, setAt, focus } = useTreeRows(props);
  return (
    <div ref={box} className={styles.box}>
      <div className={styles.inner} role="tree" aria-label={label} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          return item ? (
            <Row
              key={item.key}
              item={item}
              index={index}
              start={start}
              chosen={item.key === chosen}
              reachable={index === reachable}
              onClick={() => {
                setAt(index);
                onChoose(item);
              }}
              onToggle={() => {
                setAt(index);
                onToggle(item);
              }}
              onKeyDown={(event) => {
                const act = keyActs(items, index, focus, onToggle, onChoose)[event.key];
                if (!act) return;
                event.preventDefault();
                act();
              }}
            >
              {children(item.value)}
            </Row>
          ) : null;
        })}
      </div>
    </div>
  );
}

/** Which rows are drawn, which one Tab leads to, and how to get to another. */
function useTreeRows<T>({ items, onChoose, chooseOnMove = false }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => HEIGHT,
    overscan: 10,
    initialRect: { width: 280, height: 600 },
  });
  const focus = (index: number) => {
    const to = Math.max(0, Math.min(items.length - 1, index));
    setAt(to);
    virtual.scrollToIndex(to);
    const row = () => box.current?.querySelector<HTMLElement>(`[data-index="${to}"]`);
    // A row out of sight is only there after the scrolling.
    if (row()) row()?.focus();
    else requestAnimationFrame(() => row()?.focus());
    const item = items[to];
    if (chooseOnMove && item) onChoose(item);
  };
  return { box, virtual, reachable: Math.min(at, items.length - 1), setAt, focus };
}

/** What the keys do in the row `index`, as a tree is expected to behave. */
function keyActs<T>(
  items: readonly TreeItem<T>[],
  index: number,
  focus: (index: number) => void,
  toggle: (item: TreeItem<T>) => void,
  choose: (item: TreeItem<T>) => void,
): Record<string, () => void> {
  const item = items[index];
  if (!item) return {};
  return {
    ArrowDown: () => focus(index + 1),
    ArrowUp: () => focus(index - 1),
    Home: () => focus(0),
    End: () => focus(items.length - 1),
    ArrowRight: () => (item.open === false ? toggle(item) : focus(index + 1)),
    ArrowLeft: () => (item.open === true ? toggle(item) : focus(parentOf(items, index))),
    Enter: () => choose(item),
    " ": () => choose(item),
  };
}

function parentOf<T>(items: readonly TreeItem<T>[], index: number): number {
  const level = items[index]?.level ?? 1;
  for (let i = index - 1; i >= 0; i--) if ((items[i]?.level ?? 0) < level) return i;
  return index;
}

interface RowProps<T> {
  item: TreeItem<T>;
  index: number;
  start: number;
  chosen: boolean;
  /** The one row of the tree that Tab leads to. */
  reachable: boolean;
  onClick: () => void;
  onToggle: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  children: ReactNode;
}

function Row<T>({ item, index, start, chosen, reachable, onClick, onToggle, onKeyDown, children }: RowProps<T>) {
  const styles = useStyles();
  return (
    <div
      role="treeitem"
      aria-level={item.level}
      aria-expanded={item.open}
      aria-selected={chosen}
      data-index={index}
      data-path={item.key}
      tabIndex={reachable ? 0 : -1}
      className={mergeClasses(styles.row, chosen && styles.chosen)}
      style={{ transform: `translateY(${start}px)` }}
      title={item.title}
      onClick={onClick}
      onKeyDown={onKeyDown}
    >
      {/* Not a padding: what is measured in shares of the row stands below each other in every level. */}
      <span className={styles.indent} style={{ width: (item.level - 1) * 16 }} />
      {/* The row itself is the control; the arrow keys do what a click on the chevron does. */}
      <span
        className={styles.chevron}
        aria-hidden
        onClick={(event) => {
          if (item.open === undefined) return;
          event.stopPropagation();
          onToggle();
        }}
      >
        {item.open === undefined ? null : item.open ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
      </span>
      {children}
    </div>
  );
}
