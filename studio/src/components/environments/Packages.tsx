import { makeStyles } from "@fluentui/react-components";
import { Box24Regular } from "@fluentui/react-icons";
import { useMemo } from "react";

import type { EnvironmentLock } from "../../api/types";
import { lockedPackages, type LockedPackage } from "../../format/lock";
import type { Column } from "../table/column";
import { QueryTable } from "../table/QueryTable";

const useStyles = makeStyles({
  box: { display: "flex", flexDirection: "column", rowGap: "12px", minHeight: 0, minWidth: 0, maxHeight: "640px" },
});

const ASKED: Column<LockedPackage> = {
  id: "asked",
  header: "Asked for",
  cell: (one) => one.asked ?? "Brought along",
  value: (one) => one.asked,
  width: 160,
};

/** What was asked is not always known: then nothing is said of it. */
function columns(known: boolean): Column<LockedPackage>[] {
  return [
    { id: "name", header: "Package", cell: (one) => one.name, value: (one) => one.name, width: 170, card: "title" },
    { id: "version", header: "Version", cell: (one) => one.version, value: (one) => one.version, width: 100 },
    ...(known ? [ASKED] : []),
    { id: "from", header: "From", cell: source, value: source, width: 170 },
  ];
}

const source = (one: LockedPackage) => one.channel ?? "pip";
const nameOf = (one: LockedPackage) => one.name;
const nothing = () => undefined;

/** Every package of a lock with its version, beside what was asked for it. */
export function Packages({ lock, asked }: { lock: EnvironmentLock; asked: readonly string[] }) {
  const styles = useStyles();
  const data = useMemo(() => lockedPackages(lock, asked), [lock, asked]);
  const known = asked.length > 0;
  const shown = useMemo(() => columns(known), [known]);
  return (
    <div className={styles.box}>
      <QueryTable
        label="Packages"
        query={{ data, error: null, refetch: nothing }}
        searched={nameOf}
        columns={shown}
        rowId={nameOf}
        storageKey="packages"
        initialSort={known ? { id: "asked", desc: true } : { id: "name", desc: false }}
        none={{ icon: <Box24Regular />, title: "No packages", hint: "The lock is empty." }}
      />
    </div>
  );
}
