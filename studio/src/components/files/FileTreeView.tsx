import { makeStyles, tokens } from "@fluentui/react-components";
import {
  Document16Regular,
  DocumentText16Regular,
  Folder16Regular,
  Image16Regular,
  Table16Regular,
} from "@fluentui/react-icons";
import { useMemo, useState, type ReactElement } from "react";

import { fileKind, fileTree, type FileKind, type TreeNode } from "../../format/files";
import { bytes } from "../../format/number";
import { TreeView, type TreeItem } from "../tree/TreeView";

const useStyles = makeStyles({
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

interface Props {
  label: string;
  files: readonly { path: string; size?: number | null }[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
}

/** Files in their folders. Arrow keys move, open and close; Enter shows a file. */
export function FileTreeView({ label, files, chosen, onChoose }: Props) {
  const tree = useMemo(() => fileTree(files), [files]);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const items = useMemo(() => visibleItems(tree, closed, 1), [tree, closed]);
  const toggle = ({ key }: TreeItem<TreeNode>) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    setClosed(next);
  };
  return (
    <TreeView
      label={label}
      items={items}
      chosen={chosen}
      onToggle={toggle}
      onChoose={(item) => (item.open === undefined ? onChoose(item.key) : toggle(item))}
    >
      {(node) => <FileRow node={node} />}
    </TreeView>
  );
}

function FileRow({ node }: { node: TreeNode }) {
  const styles = useStyles();
  return (
    <>
      <span className={styles.icon} aria-hidden>
        {node.children === null ? ICONS[fileKind(node.path)] : <Folder16Regular />}
      </span>
      <span className={styles.name}>{node.name}</span>
      {node.size === null ? null : <span className={styles.size}>{bytes(node.size)}</span>}
    </>
  );
}

function visibleItems(nodes: readonly TreeNode[], closed: ReadonlySet<string>, level: number): TreeItem<TreeNode>[] {
  return nodes.flatMap((node) => {
    const open = node.children === null ? undefined : !closed.has(node.path);
    const item = { key: node.path, value: node, level, open, title: node.path };
    return [item, ...(open ? visibleItems(node.children ?? [], closed, level + 1) : [])];
  });
}
