import { Badge, makeStyles, Text, tokens } from "@fluentui/react-components";
import { HardDrive24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { diskQuery } from "../../api/disk";
import type { DiskItem } from "../../api/types";
import { bytes, counted } from "../../format/number";
import { sizeColumn, timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { Cut } from "../table/Cut";
import { QueryTable } from "../table/QueryTable";

const useStyles = makeStyles({
  total: { color: tokens.colorNeutralForeground2, flexShrink: 0 },
});

const KINDS: Record<string, string> = {
  environment: "Environment",
  image: "Image",
  packages: "Fetched packages",
  leftover: "Left over",
};

export const kindOf = (item: DiskItem) => KINDS[item.kind] ?? item.kind;
const keyOf = (item: DiskItem) => item.key;
const searched = (item: DiskItem) => `${item.what} ${item.key}`;

const COLUMNS: Column<DiskItem>[] = [
  {
    id: "what",
    header: "Built for",
    cell: (item) => <Cut text={item.what || "–"} />,
    value: (item) => item.what,
    width: 220,
    card: "title",
  },
  { id: "kind", header: "Kind", cell: kindOf, value: kindOf, width: 140 },
  sizeColumn((item) => item.size),
  {
    id: "freed",
    header: "Comes back",
    cell: (item) => (
      <span title="What removing it gives back: files and layers that others share stay">{bytes(item.freed)}</span>
    ),
    value: (item) => item.freed,
    width: 120,
    align: "end",
  },
  {
    id: "layers",
    header: "Layers",
    cell: (item) => (item.layers > 0 ? `${item.layers}, ${item.shared_layers} shared` : "–"),
    value: (item) => item.layers,
    width: 130,
  },
  {
    id: "used",
    header: "Last used",
    cell: (item) =>
      item.in_use ? (
        <Badge appearance="tint" color="success">
          In use
        </Badge>
      ) : (
        USED.cell(item)
      ),
    value: (item) => (item.in_use ? Number.MAX_SAFE_INTEGER : item.used_at),
    width: 150,
  },
  {
    id: "key",
    header: "Folder or tag",
    cell: (item) => <Cut text={item.key} />,
    value: keyOf,
    width: 240,
  },
];
const USED = timeColumn<DiskItem>("used", "Last used", (item) => item.used_at);

interface Props {
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
}

/** What environments, images and fetched packages take on the server's disk, the largest first. */
export function DiskUse({ selected, onSelect }: Props) {
  const styles = useStyles();
  const query = useQuery(diskQuery());
  const total = useMemo(() => query.data?.reduce((sum, item) => sum + item.size, 0) ?? 0, [query.data]);
  return (
    <>
      {query.data && query.data.length > 0 ? (
        <Text className={styles.total}>
          {counted(query.data.length, "item")}, {bytes(total)} on the server&apos;s disk. What is removed is built again
          from its lock when it is needed.
        </Text>
      ) : null}
      <QueryTable
        label="Disk use"
        query={query}
        searched={searched}
        columns={COLUMNS}
        rowId={keyOf}
        storageKey="disk"
        initialSort={{ id: "size", desc: true }}
        selected={selected}
        onSelect={onSelect}
        none={{
          icon: <HardDrive24Regular />,
          title: "Nothing is built here",
          hint: "Environments that runs and endpoints build on the server's machine appear here, with what they take.",
        }}
      />
    </>
  );
}
