import { Button, Field, Input, makeStyles, Spinner, tokens, Tooltip } from "@fluentui/react-components";
import { Add16Regular, Dismiss12Regular } from "@fluentui/react-icons";
import { useState, type SyntheticEvent } from "react";

import { useNotify } from "./notify";

const useStyles = makeStyles({
  tags: { display: "flex", flexWrap: "wrap", gap: "8px", alignItems: "center", minWidth: 0 },
  tag: {
    display: "inline-flex",
    alignItems: "center",
    columnGap: "4px",
    maxWidth: "100%",
    minHeight: "26px",
    padding: "0 2px 0 8px",
    borderRadius: tokens.borderRadiusMedium,
    background: tokens.colorNeutralBackground3,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    fontSize: tokens.fontSizeBase200,
  },
  fixed: { paddingRight: "8px" },
  text: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  remove: { minWidth: "20px", width: "20px", height: "20px", padding: 0 },
  form: { display: "flex", flexWrap: "wrap", columnGap: "8px", rowGap: "8px", alignItems: "flex-end" },
  input: { width: "160px", minWidth: "120px" },
  none: { color: tokens.colorNeutralForeground3 },
});

interface Props {
  tags: Record<string, string>;
  onChange: (change: { tags?: Record<string, string>; remove_tags?: string[] }) => Promise<unknown>;
}

/** The tags of a thing; tags can be added, changed (by adding the key again) and removed. MLflow's own stay hidden. */
export function TagEditor({ tags, onChange }: Props) {
  const styles = useStyles();
  const notify = useNotify();
  const [adding, setAdding] = useState(false);
  const shown = Object.entries(tags).filter(([key]) => !key.startsWith("mlflow."));

  const remove = (key: string) => {
    onChange({ remove_tags: [key] }).catch((error: unknown) => notify.failed(`The tag ${key} was not removed`, error));
  };
  return (
    <>
      <div className={styles.tags}>
        {shown.length === 0 && !adding ? <span className={styles.none}>No tags</span> : null}
        {shown.map(([key, value]) => (
          <span key={key} className={styles.tag}>
            <span className={styles.text} title={tagText(key, value)}>
              {tagText(key, value)}
            </span>
            <Tooltip content={`Remove the tag ${key}`} relationship="label">
              <Button
                className={styles.remove}
                appearance="subtle"
                size="small"
                icon={<Dismiss12Regular />}
                onClick={() => remove(key)}
              />
            </Tooltip>
          </span>
        ))}
        {adding ? null : (
          <Button size="small" appearance="subtle" icon={<Add16Regular />} onClick={() => setAdding(true)}>
            Add tag
          </Button>
        )}
      </div>
      {adding ? <TagForm onChange={onChange} onClose={() => setAdding(false)} /> : null}
    </>
  );
}

function TagForm({ onChange, onClose }: { onChange: Props["onChange"]; onClose: () => void }) {
  const styles = useStyles();
  const notify = useNotify();
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!key.trim()) return;
    setBusy(true);
    onChange({ tags: { [key.trim()]: value } })
      .then(onClose, (error: unknown) => notify.failed("The tag was not added", error))
      .finally(() => setBusy(false));
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label="Key" size="small">
        <Input
          className={styles.input}
          size="small"
          value={key}
          onChange={(_, data) => setKey(data.value)}
          input={{ ref: (input) => input?.focus() }}
        />
      </Field>
      <Field label="Value" size="small">
        <Input className={styles.input} size="small" value={value} onChange={(_, data) => setValue(data.value)} />
      </Field>
      <Button
        type="submit"
        size="small"
        appearance="primary"
        disabled={busy}
        icon={busy ? <Spinner size="tiny" /> : null}
      >
        Add
      </Button>
      <Button size="small" onClick={onClose}>
        Cancel
      </Button>
    </form>
  );
}

export function tagText(key: string, value: string): string {
  return value ? `${key}: ${value}` : key;
}
