import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Input,
  makeStyles,
  Text,
  tokens,
} from "@fluentui/react-components";
import { Search20Regular } from "@fluentui/react-icons";
import { useState } from "react";

import type { Run } from "../../api/types";
import { RUN_COLUMNS } from "./columns";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", rowGap: "12px" },
  groups: { display: "flex", flexDirection: "column", rowGap: "12px", maxHeight: "50vh", overflowY: "auto" },
  group: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fill, minmax(200px, 1fr))",
    border: "none",
    margin: 0,
    padding: 0,
    minWidth: 0,
  },
  legend: { padding: 0, color: tokens.colorNeutralForeground3 },
  box: { minWidth: 0, overflowWrap: "anywhere" },
});

/** At most this many names of one kind are offered at a time; the search finds the others. */
const SHOWN = 200;

interface Props {
  open: boolean;
  runs: readonly Run[];
  chosen: readonly string[];
  /** Columns that this page has no use for. */
  without: readonly string[];
  onChoose: (columns: string[]) => void;
  onReset: () => void;
  onClose: () => void;
}

/** Which columns a list of runs shows; the metrics and parameters are those of the loaded runs. */
export function ColumnChooser({ open, runs, chosen, without, onChoose, onReset, onClose }: Props) {
  const styles = useStyles();
  const [search, setSearch] = useState("");
  const toggle = (id: string, on: boolean) => onChoose(on ? [...chosen, id] : chosen.filter((other) => other !== id));

  const fixed = RUN_COLUMNS.filter(({ id }) => id !== "run_name" && !without.includes(id));
  const groups = [
    { title: "Properties", columns: fixed },
    { title: "Metrics", columns: named(runs, "metric", (run) => run.metrics) },
    { title: "Parameters", columns: named(runs, "param", (run) => run.params) },
  ];
  const matches = ({ header }: { header: string }) => header.toLowerCase().includes(search.toLowerCase());
  return (
    <Dialog open={open} onOpenChange={(_, data) => (data.open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Edit columns</DialogTitle>
          <DialogContent className={styles.content}>
            <Input
              contentBefore={<Search20Regular />}
              placeholder="Find a column"
              aria-label="Find a column"
              value={search}
              onChange={(_, data) => setSearch(data.value)}
            />
            <div className={styles.groups}>
              {groups.map(({ title, columns }) => (
                <Group
                  key={title}
                  title={title}
                  columns={columns.filter(matches).slice(0, SHOWN)}
                  chosen={chosen}
                  onToggle={toggle}
                />
              ))}
            </div>
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onClose}>
              Done
            </Button>
            <Button onClick={onReset}>Reset</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

interface GroupProps {
  title: string;
  columns: { id: string; header: string }[];
  chosen: readonly string[];
  onToggle: (id: string, on: boolean) => void;
}

function Group({ title, columns, chosen, onToggle }: GroupProps) {
  const styles = useStyles();
  if (columns.length === 0) return null;
  return (
    <fieldset className={styles.group}>
      <Text as="span" size={200} weight="semibold" className={styles.legend} style={{ gridColumn: "1 / -1" }}>
        {title}
      </Text>
      {columns.map(({ id, header }) => (
        <Checkbox
          key={id}
          className={styles.box}
          label={header}
          checked={chosen.includes(id)}
          onChange={(_, data) => onToggle(id, data.checked === true)}
        />
      ))}
    </fieldset>
  );
}

function named(runs: readonly Run[], kind: string, of: (run: Run) => Record<string, unknown>) {
  const names = new Set<string>();
  for (const run of runs) for (const name of Object.keys(of(run))) names.add(name);
  return [...names].sort((a, b) => a.localeCompare(b)).map((name) => ({ id: `${kind}:${name}`, header: name }));
}
