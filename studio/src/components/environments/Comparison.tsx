import { Field, makeStyles, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { environmentUsesQuery } from "../../api/environments";
import type { EnvironmentLock, EnvironmentUse, EnvironmentVersion } from "../../api/types";
import { definitionChanges, lockChanges } from "../../format/definition_changes";
import { Card } from "../Card";
import { ChangeTable } from "./ChangeTable";

const useStyles = makeStyles({
  pair: { display: "flex", flexWrap: "wrap", gap: "12px" },
  pick: { minWidth: "140px" },
});

interface Props {
  ws: string;
  versions: EnvironmentVersion[];
  before: EnvironmentVersion;
  after: EnvironmentVersion;
  onChoose: (before: string, after: string) => void;
}

/** What changed from one version to another: what is asked for, and what it resolved to where that is known. */
export function Comparison({ ws, versions, before, after, onChoose }: Props) {
  const styles = useStyles();
  const uses = useQuery(environmentUsesQuery(ws, after.name)).data;
  const asked = useMemo(() => definitionChanges(before.definition, after.definition), [before, after]);
  const locks = [lockOf(uses, before.version), lockOf(uses, after.version)] as const;
  const names = { before: `Version ${before.version}`, after: `Version ${after.version}` };
  return (
    <>
      <Card title="What changed">
        <div className={styles.pair}>
          <Pick
            label="From"
            versions={versions}
            value={before.version}
            onPick={(one) => onChoose(one, after.version)}
          />
          <Pick label="To" versions={versions} value={after.version} onPick={(one) => onChoose(before.version, one)} />
        </div>
        <ChangeTable label="What is asked for" {...names} changes={asked} same="Both ask for the same." />
      </Card>
      {locks[0] && locks[1] && before.version !== after.version ? (
        <Card title="What they resolved to">
          <ChangeTable
            label="Packages"
            {...names}
            changes={lockChanges(locks[0], locks[1])}
            same="Both resolved to the same packages."
          />
        </Card>
      ) : null}
    </>
  );
}

/** The newest lock of a version that a run or an endpoint told. */
export function lockOf(uses: readonly EnvironmentUse[] | undefined, version: string): EnvironmentLock | undefined {
  return uses?.find((one) => one.lock && one.version === version)?.lock ?? undefined;
}

interface PickProps {
  label: string;
  versions: EnvironmentVersion[];
  value: string;
  onPick: (version: string) => void;
}

function Pick({ label, versions, value, onPick }: PickProps) {
  const styles = useStyles();
  return (
    <Field label={label} className={styles.pick}>
      <Select value={value} onChange={(_, data) => onPick(data.value)}>
        {versions.map(({ version, labels }) => (
          <option key={version} value={version}>
            {`Version ${version}${labels.length > 0 ? ` (${labels.join(", ")})` : ""}`}
          </option>
        ))}
      </Select>
    </Field>
  );
}
