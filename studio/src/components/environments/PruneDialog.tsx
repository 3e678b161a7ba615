import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";

import { diskKeys, pruneEnvironments } from "../../api/disk";
import type { DiskItem } from "../../api/types";
import { bytes, counted } from "../../format/number";
import { ConfirmDialog } from "../ConfirmDialog";
import { useNotify } from "../notify";
import { kindOf } from "./DiskUse";

const useStyles = makeStyles({
  list: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) auto auto",
    columnGap: "16px",
    rowGap: "4px",
    maxHeight: "240px",
    overflowY: "auto",
    padding: "8px 12px",
    margin: 0,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  row: { display: "contents" },
  size: { textAlign: "right", fontVariantNumeric: "tabular-nums" },
  kind: { color: tokens.colorNeutralForeground3 },
});

interface Props {
  open: boolean;
  items: DiskItem[];
  onDone: () => void;
  onClose: () => void;
}

/** Says what goes and how many bytes come back, then removes it. */
export function PruneDialog({ open, items, onDone, onClose }: Props) {
  const styles = useStyles();
  const client = useQueryClient();
  const notify = useNotify();
  const freed = items.reduce((sum, item) => sum + item.freed, 0);
  const remove = async () => {
    const removed = await pruneEnvironments(items.map((item) => item.key));
    const back = removed.reduce((sum, item) => sum + item.freed, 0);
    const left = items.length - removed.length;
    notify.done(
      `Removed ${counted(removed.length, "item")}: ${bytes(back)} came back` +
        (left > 0 ? `; ${counted(left, "item")} came into use meanwhile and stayed` : ""),
    );
    onDone();
    await client.invalidateQueries({ queryKey: diskKeys.environments() });
  };
  return (
    <ConfirmDialog
      open={open}
      title={`Remove ${counted(items.length, "item")} from the server's disk?`}
      action={`Remove ${bytes(freed)}`}
      onConfirm={remove}
      onClose={onClose}
    >
      <Text>
        {bytes(freed)} come back. The next run or endpoint that needs one of them builds it again from its lock, with
        the same versions.
      </Text>
      <div className={styles.list} tabIndex={0} role="region" aria-label="What goes">
        {items.map((item) => (
          <div key={item.key} className={styles.row}>
            <span>{item.what || item.key}</span>
            <span className={styles.kind}>{kindOf(item)}</span>
            <span className={styles.size}>{bytes(item.freed)}</span>
          </div>
        ))}
      </div>
    </ConfirmDialog>
  );
}
