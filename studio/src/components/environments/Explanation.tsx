import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { identityQuery } from "../../api/account";
import { diskQuery } from "../../api/disk";
import { explanationQuery } from "../../api/environments";
import type { DiskItem, EnvironmentExplanation, EnvironmentResolution, EnvironmentVersion } from "../../api/types";
import { bytes } from "../../format/number";
import { duration } from "../../format/time";
import { Card, Facts } from "../Card";
import { CopyText } from "../CopyButton";
import { LoadingPage } from "../PageStates";
import { RelativeTime } from "../RelativeTime";
import { ErrorState } from "../States";
import { TimeSplit } from "./TimeSplit";

const MOST = 5;

const useStyles = makeStyles({
  lines: { display: "flex", flexDirection: "column", rowGap: "2px", margin: 0, padding: 0, listStyle: "none" },
  list: { display: "flex", flexDirection: "column", rowGap: "12px", margin: 0, padding: 0, listStyle: "none" },
  entry: { display: "flex", flexDirection: "column", rowGap: "4px" },
  head: { display: "flex", justifyContent: "space-between", columnGap: "12px", flexWrap: "wrap" },
  reason: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
});

/** What a version is on the server's machine: what is asked, what that is there, and why it was last built. */
export function Explanation({ ws, environment }: { ws: string; environment: EnvironmentVersion }) {
  const query = useQuery(explanationQuery(ws, environment.name, environment.version));
  const onDisk = useDiskItem(query.data);
  if (query.error) {
    return <ErrorState error={query.error} what="It cannot be built." retry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingPage />;
  const told = query.data;
  const last = [...told.resolutions].reverse().slice(0, MOST);
  return (
    <>
      <Card title="On the server's machine">
        <Text>{told.state}</Text>
        <Facts
          facts={[
            told.asked.length > 0 && ["Asks for", <Lines key="asked" lines={told.asked} />],
            told.differs.length > 0 && ["Changed since", <Lines key="differs" lines={told.differs} />],
            told.notes.length > 0 && ["Notes", <Lines key="notes" lines={told.notes} />],
            told.lock && ["Lock", <CopyText key="lock" text={told.lock.key} what="the key of the lock" />],
            onDisk && ["On disk", `${bytes(onDisk.size)}, of which ${bytes(onDisk.freed)} are its own`],
            onDisk && onDisk.layers > 0 && ["Layers", `${onDisk.layers}, ${onDisk.shared_layers} shared`],
            told.prefix !== "" && ["Folder", <CopyText key="prefix" text={told.prefix} what="the folder" />],
          ]}
        />
      </Card>
      {last.length > 0 ? <Resolutions entries={last} /> : null}
    </>
  );
}

/** What the environment takes on the server's disk, for those who may see that. */
function useDiskItem(told: EnvironmentExplanation | undefined): DiskItem | undefined {
  const admin = useQuery(identityQuery()).data?.role === "admin";
  const key = told?.image || told?.lock?.key;
  const items = useQuery({ ...diskQuery(), enabled: admin && key !== undefined, staleTime: 60_000 }).data;
  return items?.find((item) => item.key === key);
}

function Lines({ lines }: { lines: readonly string[] }) {
  const styles = useStyles();
  return (
    <ul className={styles.lines}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function Resolutions({ entries }: { entries: EnvironmentResolution[] }) {
  const styles = useStyles();
  const [newest] = entries;
  const built = newest?.built && Object.keys(newest.seconds).length > 0 ? newest : null;
  return (
    <Card title="Resolved there">
      <ol className={styles.list}>
        {entries.map((entry) => {
          const took = Object.values(entry.seconds).reduce((sum, seconds) => sum + seconds, 0);
          return (
            <li key={entry.at} className={styles.entry}>
              <span className={styles.head}>
                <span>{entry.built ? `Built in ${duration(took * 1000)}` : "Found what was there"}</span>
                <RelativeTime at={entry.at} />
              </span>
              {entry.reasons.map((reason) => (
                <span key={reason} className={styles.reason}>
                  {reason}
                </span>
              ))}
              {entry === built ? <TimeSplit split={entry.seconds} /> : null}
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
