import { Dropdown, makeStyles, Option, OptionGroup } from "@fluentui/react-components";
import { LockClosed24Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { experimentsQuery } from "../../api/experiments";
import { registeredModelsQuery } from "../../api/registered_models";
import type { Holder } from "../../api/permissions";
import { LoadingPage } from "../PageStates";
import { Permissions } from "../permissions/Permissions";
import { EmptyState, ErrorState } from "../States";

const useStyles = makeStyles({
  choice: { flexShrink: 0, minWidth: 0, width: "100%", maxWidth: "480px" },
  list: { maxHeight: "420px" },
});

interface Props {
  ws: string;
  /** "experiment:NAME" or "model:NAME"; the first there is, if absent. */
  on: string | undefined;
  onChoose: (on: string) => void;
}

/** The permissions on one experiment or registered model of the workspace, and a way to the others. */
export function PermissionsOn({ ws, on, onChoose }: Props) {
  const styles = useStyles();
  const experiments = useQuery(experimentsQuery(ws, "all"));
  const models = useQuery(registeredModelsQuery(ws));
  const error = experiments.error ?? models.error;
  if (error) return <ErrorState error={error} what="What permissions are given on could not be listed." />;
  if (!experiments.data || !models.data) return <LoadingPage />;
  const known: Holder[] = [
    ...experiments.data.map(({ name }) => ({ kind: "experiment", name }) as const),
    ...models.data.map(({ name }) => ({ kind: "model", name }) as const),
  ];
  const holder = known.find((one) => keyOf(one) === on) ?? known[0];
  if (!holder) {
    return (
      <EmptyState
        icon={<LockClosed24Regular />}
        title="Nothing to give permissions on"
        hint="Permissions are given on experiments and registered models: this workspace has none yet."
      />
    );
  }
  return (
    <>
      <Dropdown
        className={styles.choice}
        listbox={{ className: styles.list }}
        aria-label="Permissions on"
        value={`${LABELS[holder.kind]} ${holder.name}`}
        selectedOptions={[keyOf(holder)]}
        onOptionSelect={(_, data) => {
          if (data.optionValue) onChoose(data.optionValue);
        }}
      >
        {KINDS.map((kind) => (
          <OptionGroup key={kind} label={`${LABELS[kind]}s`}>
            {known
              .filter((one) => one.kind === kind)
              .map((one) => (
                <Option key={keyOf(one)} value={keyOf(one)} text={`${LABELS[kind]} ${one.name}`}>
                  {one.name}
                </Option>
              ))}
          </OptionGroup>
        ))}
      </Dropdown>
      <Permissions key={keyOf(holder)} ws={ws} holder={holder} />
    </>
  );
}

const KINDS = ["experiment", "model"] as const;
const LABELS = { experiment: "Experiment", model: "Model" } as const;

function keyOf({ kind, name }: Holder): string {
  return `${kind}:${name}`;
}
