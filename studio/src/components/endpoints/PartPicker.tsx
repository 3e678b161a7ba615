import { Dropdown, Label, makeStyles, Option, useId } from "@fluentui/react-components";

import type { EndpointVersion } from "../../api/types";

const useStyles = makeStyles({
  field: { display: "flex", alignItems: "center", columnGap: "8px", flexShrink: 0, minWidth: 0 },
  choice: { minWidth: 0, width: "260px", maxWidth: "100%" },
});

const WHOLE = "";

interface Props {
  versions: EndpointVersion[];
  /** The name of a version; undefined is the endpoint as a whole. */
  chosen: string | undefined;
  /** What the endpoint as a whole is called here; undefined: there are versions alone. */
  whole: string | undefined;
  onChoose: (version: string | undefined) => void;
}

/** Chooses the version that a part of the page is about. */
export function PartPicker({ versions, chosen, whole, onChoose }: Props) {
  const styles = useStyles();
  const label = useId("part");
  return (
    <div className={styles.field}>
      <Label id={label}>Version</Label>
      <Dropdown
        className={styles.choice}
        aria-labelledby={label}
        value={chosen ?? whole ?? ""}
        selectedOptions={[chosen ?? WHOLE]}
        onOptionSelect={(_, data) => onChoose(data.optionValue === WHOLE ? undefined : data.optionValue)}
      >
        {whole === undefined ? null : <Option value={WHOLE}>{whole}</Option>}
        {versions.map(({ name }) => (
          <Option key={name} value={name}>
            {name}
          </Option>
        ))}
      </Dropdown>
    </div>
  );
}
