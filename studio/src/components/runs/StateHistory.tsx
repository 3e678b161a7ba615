import { makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { isTerminal, runEventsQuery } from "../../api/runs";
import type { Run } from "../../api/types";
import { duration } from "../../format/time";
import { LoadingPage } from "../PageStates";
import { RelativeTime, useNow } from "../RelativeTime";
import { ErrorState } from "../States";
import { RunStatusBadge } from "../StatusBadge";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column" },
  item: {
    position: "relative",
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) auto",
    columnGap: "12px",
    paddingBottom: "14px",
    ":last-child": { paddingBottom: 0 },
    // The line that joins a state's icon to the next one's.
    ":not(:last-child)::before": {
      content: '""',
      position: "absolute",
      left: "7px",
      top: "22px",
      bottom: "2px",
      width: "2px",
      background: tokens.colorNeutralStroke2,
    },
  },
  time: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, whiteSpace: "nowrap" },
  more: {
    gridColumn: "1 / -1",
    paddingLeft: "22px",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: "anywhere",
  },
});

/** The states a run went through, and how long it stayed in each. */
export function StateHistory({ ws, run }: { ws: string; run: Run }) {
  const styles = useStyles();
  const query = useQuery(runEventsQuery(ws, run.id));
  const now = useNow(!isTerminal(run.status));
  if (query.error) return <ErrorState error={query.error} what="The history could not be read." />;
  if (!query.data) return <LoadingPage />;
  const events = query.data;
  return (
    <ol className={styles.list}>
      {events.map((event, i) => {
        const until = events[i + 1]?.at ?? (isTerminal(event.status) ? null : now);
        const stayed = until === null ? null : `for ${duration(until - event.at)}`;
        const more = [stayed, event.reason].filter(Boolean).join(" · ");
        return (
          <li key={i} className={styles.item}>
            <RunStatusBadge status={event.status} past={i < events.length - 1} />
            <span className={styles.time}>
              <RelativeTime at={event.at} />
            </span>
            {more ? <span className={styles.more}>{more}</span> : null}
          </li>
        );
      })}
    </ol>
  );
}
