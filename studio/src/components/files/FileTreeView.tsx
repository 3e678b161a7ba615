import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import {
  ChevronDown16Regular,
  ChevronRight16Regular,
  Document16Regular,
  DocumentText16Regular,
  Folder16Regular,
  Image16Regular,
  Table16Regular,
} from "@fluentui/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";

import { fileKind, fileTree, type FileKind, type TreeNode } from "../../format/files";
import { bytes } from "../../format/number";

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
  icon: { display: "inline-flex", flexShrink: 0, width: "16px", color: tokens.colorNeutralForeground3 },
  name: { flex: "1 1 auto", minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  size: {
    flexShrink: 0,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground3,
  },
});

const ICONS: Record<FileKind, ReactElement> = {
  image: <Image16Regular />,
  csv: <Table16Regular />,
  json: <DocumentText16Regular />,
  text: <DocumentText16Regular />,
  binary: <Document16Regular />,
};

interface Visible {
  node: TreeNode;
  level: number;
  open: boolean;
}

interface Props {
  label: string;
  files: readonly { path: string; size?: number | null }[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
}

/** Files in their folders. Arrow keys move, open and close; Enter shows a file. */
export function FileTreeView({ label, files, chosen, onChoose }: Props) {
  const styles = useStyles();
  const box = useRef<HTMLDivElement>(null);
  const tree = useMemo(() => fileTree(files), [files]);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => visibleRows(tree, closed, 1), [tree, closed]);
  const [at, setAt] = useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => HEIGHT,
    overscan: 10,
    initialRect: { width: 280, height: 600 },
  });

  const open = ({ node }: Visible) => {
    if (node.children === null) {
      onChoose(node.path);
      return;
    }
    const next = new Set(closed);
    if (!next.delete(node.path)) next.add(node.path);
    setClosed(next);
  };
  const focus = (index: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setAt(to);
    virtual.scrollToIndex(to);
    const row = () => box.current?.querySelector<HTMLElement>(`[data-index="${to}"]`);
    // A row out of sight is only there after the scrolling.
    if (row()) row()?.focus();
    else requestAnimationFrame(() => row()?.focus());
  };
  return (
    <div ref={box} className={styles.box}>
      <div className={styles.inner} role="tree" aria-label={label} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return row ? (
            <TreeRow
              key={row.node.path}
              row={row}
              index={item.index}
              start={item.start}
              chosen={row.node.path === chosen}
              reachable={item.index === Math.min(at, rows.length - 1)}
              onOpen={() => {
                setAt(item.index);
                open(row);
              }}
              onKeyDown={(event) => {
                const act = keyActs(rows, item.index, focus, open)[event.key];
                if (!act) return;
                event.preventDefault();
                act();
              }}
            />
          ) : null;
        })}
      </div>
    </div>
  );
}

/** What the keys do in the row `index`, as a tree is expected to behave. */
function keyActs(
  rows: readonly Visible[],
  index: number,
  focus: (index: number) => void,
  open: (row: Visible) => void,
): Record<string, () => void> {
  const row = rows[index];
  if (!row) return {};
  const folder = row.node.children !== null;
  return {
    ArrowDown: () => focus(index + 1),
    ArrowUp: () => focus(index - 1),
    Home: () => focus(0),
    End: () => focus(rows.length - 1),
    ArrowRight: () => (folder && !row.open ? open(row) : focus(index + 1)),
    ArrowLeft: () => (folder && row.open ? open(row) : focus(parentOf(rows, index))),
    Enter: () => open(row),
    " ": () => open(row),
  };
}

interface RowProps {
  row: Visible;
  index: number;
  start: number;
  chosen: boolean;
  /** The one row of the tree that Tab leads to. */
  reachable: boolean;
  onOpen: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function TreeRow({ row, index, start, chosen, reachable, onOpen, onKeyDown }: RowProps) {
  const styles = useStyles();
  const { node } = row;
  const folder = node.children !== null;
  return (
    <div
      role="treeitem"
      aria-level={row.level}
      aria-expanded={folder ? row.open : undefined}
      aria-selected={chosen}
      data-index={index}
      data-path={node.path}
      tabIndex={reachable ? 0 : -1}
      className={mergeClasses(styles.row, chosen && styles.chosen)}
      style={{ transform: `translateY(${start}px)`, paddingLeft: 4 + (row.level - 1) * 16 }}
      title={node.path}
      onClick={onOpen}
      onKeyDown={onKeyDown}
    >
      <span className={styles.icon} aria-hidden>
        {folder ? row.open ? <ChevronDown16Regular /> : <ChevronRight16Regular /> : null}
      </span>
      <span className={styles.icon} aria-hidden>
        {folder ? <Folder16Regular /> : ICONS[fileKind(node.path)]}
      </span>
      <span className={styles.name}>{node.name}</span>
      {node.size === null ? null : <span className={styles.size}>{bytes(node.size)}</span>}
    </div>
  );
}

function visibleRows(nodes: readonly TreeNode[], closed: ReadonlySet<string>, level: number): Visible[] {
  return nodes.flatMap((node) => {
    const open = node.children !== null && !closed.has(node.path);
    return [{ node, level, open }, ...(open ? visibleRows(node.children ?? [], closed, level + 1) : [])];
  });
}

function parentOf(rows: readonly Visible[], index: number): number {
  const level = rows[index]?.level ?? 1;
  for (let i = index - 1; i >= 0; i--) if ((rows[i]?.level ?? 0) < level) return i;
  return index;
}
