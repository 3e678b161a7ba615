import type { EnvironmentUse } from "../../api/types";
import { lockText } from "../../format/lock";
import { duration } from "../../format/time";
import { AppLink } from "../AppLink";
import { Card, Facts } from "../Card";
import { CopyButton, CopyText } from "../CopyButton";
import { RelativeTime } from "../RelativeTime";
import { TimeSplit } from "./TimeSplit";
import { useWorkspace } from "../WorkspaceContext";

/** "Built in 12 s", "Reused, found in 40 ms". */
export function preparation(use: EnvironmentUse): string {
  const took = duration(use.seconds * 1000);
  if (!use.lock) return "Used as it is";
  return use.reused ? `Reused, found in ${took}` : `Built in ${took}`;
}

/** How an environment was prepared for a run or a service, and why so. */
export function UseFacts({ use }: { use: EnvironmentUse }) {
  const ws = useWorkspace();
  return (
    <Card title="Environment">
      <Facts
        facts={[
          use.name !== "" && [
            "Name",
            <AppLink
              key="name"
              to="/ws/$ws/environments/$name"
              params={{ ws, name: use.name }}
              search={use.version ? { version: use.version } : {}}
            >
              {use.version ? `${use.name}:${use.version}` : use.name}
            </AppLink>,
          ],
          ["Prepared", preparation(use)],
          use.at > 0 && ["At", <RelativeTime key="at" at={use.at} />],
          use.lock && ["Python", use.lock.python],
          use.lock && ["Platform", use.lock.platform],
          use.lock && [
            "Lock",
            <span key="lock" title={use.lock.key} style={{ whiteSpace: "nowrap" }}>
              {use.lock.key.slice(0, 12)} <CopyButton text={lockText(use.lock)} what="the whole lock" />
            </span>,
          ],
          ["Interpreter", <CopyText key="path" text={use.interpreter} what="the path" />],
          use.notes.length > 0 && ["Notes", use.notes.join(" ")],
        ]}
      />
      {Object.keys(use.split).length > 0 ? <TimeSplit split={use.split} /> : null}
    </Card>
  );
}
