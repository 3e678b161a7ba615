import { Button, Input, Label, makeStyles, Text, tokens, useId } from "@fluentui/react-components";
import { useState } from "react";

import type { EndpointVersion } from "../../api/types";
import { restFor, share, sharesTrouble } from "../../format/traffic";
import { FormDialog } from "../FormDialog";

const useStyles = makeStyles({
  field: { display: "grid", gridTemplateColumns: "minmax(0, 1fr) 112px", alignItems: "center", columnGap: "12px" },
  name: { overflowWrap: "anywhere" },
  input: { minWidth: 0 },
  foot: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "8px", rowGap: "4px", minHeight: "32px" },
  wrong: { color: tokens.colorStatusDangerForeground1 },
});

interface Props {
  name: string;
  versions: EndpointVersion[];
  /** Whole percentages by version, together 100. */
  onSubmit: (percentages: Record<string, number>) => Promise<void>;
  onClose: () => void;
}

/** Shares the requests of an endpoint among its versions. */
export function TrafficDialog({ name, versions, onSubmit, onClose }: Props) {
  const styles = useStyles();
  const [before] = useState(() =>
    Object.fromEntries(versions.map((version) => [version.name, String(version.traffic_percentile)])),
  );
  const [shares, setShares] = useState(before);
  const trouble = sharesTrouble(shares);
  const main = versions.find((version) => version.is_default)?.name;
  const rest = main === undefined ? null : restFor(main, shares);
  const submit = () =>
    onSubmit(Object.fromEntries(Object.entries(shares).map(([one, text]) => [one, share(text) ?? 0])));
  return (
    <FormDialog
      title={`Traffic of ${name}`}
      action="Change traffic"
      ready={trouble === null}
      onSubmit={submit}
      onClose={onClose}
    >
      {Object.entries(shares).map(([one, text]) => (
        <ShareField key={one} name={one} text={text} onText={(next) => setShares({ ...shares, [one]: next })} />
      ))}
      <Text size={200} className={trouble === null ? undefined : styles.wrong} role="status">
        {trouble ?? "Together 100 %. Requests follow at once; those that are being answered stay where they are."}
      </Text>
      <div className={styles.foot}>
        <Button
          size="small"
          disabled={main === undefined || rest === null || trouble === null}
          onClick={() => (main === undefined ? undefined : setShares({ ...shares, [main]: String(rest) }))}
        >
          {`Give ${main ?? "the default"} the rest`}
        </Button>
        <Button
          size="small"
          appearance="subtle"
          disabled={Object.entries(before).every(([one, text]) => shares[one] === text)}
          onClick={() => setShares(before)}
        >
          Undo changes
        </Button>
      </div>
    </FormDialog>
  );
}

function ShareField({ name, text, onText }: { name: string; text: string; onText: (text: string) => void }) {
  const styles = useStyles();
  const id = useId();
  return (
    <div className={styles.field}>
      <Label className={styles.name} htmlFor={id}>
        {name}
      </Label>
      <Input
        id={id}
        input={{ className: styles.input, inputMode: "numeric" }}
        type="number"
        min={0}
        max={100}
        step={1}
        value={text}
        contentAfter="%"
        aria-invalid={share(text) === null}
        onChange={(_, data) => onText(data.value)}
      />
    </div>
  );
}
