import { makeStyles, Skeleton, SkeletonItem, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { ErrorState } from "../States";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0 },
  row: {
    display: "flex",
    alignItems: "center",
    columnGap: "16px",
    minHeight: "44px",
    borderTop: `1px solid ${tokens.colorNeutralStroke3}`,
    ":first-child": { borderTop: "none" },
  },
  main: { flex: "2 1 0", minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  detail: {
    flex: "1 1 0",
    minWidth: 0,
    overflow: "hidden",
    whiteSpace: "nowrap",
    "@media (max-width: 767px)": { display: "none" },
  },
  state: { flex: "0 0 116px", whiteSpace: "nowrap" },
  time: {
    flex: "0 0 104px",
    textAlign: "right",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "nowrap",
    "@media (max-width: 479px)": { display: "none" },
  },
  loading: { display: "flex", flexDirection: "column", rowGap: "16px", padding: "8px 0" },
});

interface Row {
  key: string;
  main: ReactNode;
  detail: ReactNode;
  state: ReactNode;
  time: ReactNode;
}

/** A few rows of an overview: what, where, in which state, since when. */
export function RowList({ rows, pending, error }: { rows: Row[]; pending: boolean; error: Error | null }) {
  const styles = useStyles();
  if (error) return <ErrorState error={error} what="This could not be listed." />;
  if (pending) {
    return (
      <Skeleton className={styles.loading} aria-label="Loading">
        <SkeletonItem size={16} />
        <SkeletonItem size={16} />
        <SkeletonItem size={16} />
      </Skeleton>
    );
  }
  return (
    <ul className={styles.list}>
      {rows.map((row) => (
        <li key={row.key} className={styles.row}>
          <span className={styles.main}>{row.main}</span>
          {row.detail ? <span className={styles.detail}>{row.detail}</span> : null}
          <span className={styles.state}>{row.state}</span>
          <span className={styles.time}>{row.time}</span>
        </li>
      ))}
    </ul>
  );
}
