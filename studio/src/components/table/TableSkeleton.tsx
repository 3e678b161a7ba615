import { makeStyles, Skeleton, SkeletonItem, tokens } from "@fluentui/react-components";

import { ROW_HEIGHT } from "./TableRows";

const useStyles = makeStyles({
  cell: { height: `${ROW_HEIGHT}px`, padding: "0 12px", borderBottom: `1px solid ${tokens.colorNeutralStroke3}` },
  card: { marginBottom: "8px", height: "120px" },
});

const ROWS = [0, 1, 2, 3, 4, 5, 6, 7];

/** The shape of the rows while they load. */
export function TableSkeleton({ columns = 1, cards = false }: { columns?: number; cards?: boolean }) {
  const styles = useStyles();
  if (cards) {
    return (
      <Skeleton aria-label="Loading">
        {ROWS.slice(0, 4).map((row) => (
          <SkeletonItem key={row} className={styles.card} />
        ))}
      </Skeleton>
    );
  }
  return (
    <tbody aria-label="Loading">
      {ROWS.map((row) => (
        <tr key={row}>
          {Array.from({ length: columns }, (_, i) => (
            <td key={i} className={styles.cell}>
              <Skeleton>
                <SkeletonItem size={16} style={{ width: `${55 + ((row * 7 + i * 13) % 4) * 10}%` }} />
              </Skeleton>
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}
