import { Button, makeStyles, Spinner } from "@fluentui/react-components";
import { ChevronDown16Regular, ChevronRight16Regular } from "@fluentui/react-icons";

import type { Run } from "../../api/types";
import { AppLink } from "../AppLink";
import { useWorkspace } from "../WorkspaceContext";
import { useRunPlace } from "./tree";

const INDENT = 20;

const useStyles = makeStyles({
  name: { display: "flex", alignItems: "center", minWidth: 0 },
  toggle: { minWidth: "24px", width: "24px", height: "24px", padding: 0, flexShrink: 0 },
  space: { width: "24px", flexShrink: 0 },
  link: { minWidth: 0, flex: "1 1 auto", overflow: "hidden", textOverflow: "ellipsis" },
});

export function RunLink({ run }: { run: Run }) {
  const ws = useWorkspace();
  return (
    <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: run.id }} cut title={run.display_name || run.id}>
      {run.display_name || run.id}
    </AppLink>
  );
}

/** A run's name in a list: in a tree of runs it is moved in, with a button for its children. */
export function RunName({ run }: { run: Run }) {
  const styles = useStyles();
  const [place, toggle] = useRunPlace(run.id);
  if (!place) return <RunLink run={run} />;
  const name = run.display_name || run.id;
  return (
    <span className={styles.name} style={{ paddingLeft: place.level * INDENT }} data-level={place.level}>
      {place.open === undefined ? (
        <span className={styles.space} />
      ) : (
        <Button
          className={styles.toggle}
          appearance="subtle"
          size="small"
          aria-expanded={place.open}
          aria-label={`Child runs of ${name}`}
          icon={
            place.loading ? (
              <Spinner size="extra-tiny" />
            ) : place.open ? (
              <ChevronDown16Regular />
            ) : (
              <ChevronRight16Regular />
            )
          }
          onClick={toggle}
          onKeyDown={(event) => {
            const wanted = event.key === "ArrowRight" ? true : event.key === "ArrowLeft" ? false : place.open;
            if (wanted !== place.open) toggle();
          }}
        />
      )}
      <span className={styles.link}>
        <RunLink run={run} />
      </span>
    </span>
  );
}
