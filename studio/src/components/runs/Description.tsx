import { Button, makeStyles, Spinner, Text, Textarea, tokens } from "@fluentui/react-components";
import { Edit16Regular } from "@fluentui/react-icons";
import { useState } from "react";

import { Markdown } from "../Markdown";
import { useNotify } from "../notify";

const useStyles = makeStyles({
  none: { color: tokens.colorNeutralForeground3 },
  row: { display: "flex", columnGap: "8px" },
  edit: { alignSelf: "flex-start", marginLeft: "-8px" },
});

interface Props {
  text: string;
  onChange: (text: string) => Promise<unknown>;
}

/** A text in Markdown that can be edited in place. */
export function Description({ text, onChange }: Props) {
  const styles = useStyles();
  const notify = useNotify();
  const [draft, setDraft] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const save = () => {
    if (draft === null) return;
    setBusy(true);
    onChange(draft)
      .then(
        () => setDraft(null),
        (error: unknown) => notify.failed("The description was not changed", error),
      )
      .finally(() => setBusy(false));
  };
  if (draft === null) {
    return (
      <>
        {text ? <Markdown text={text} /> : <Text className={styles.none}>No description</Text>}
        <Button
          className={styles.edit}
          size="small"
          appearance="subtle"
          icon={<Edit16Regular />}
          onClick={() => setDraft(text)}
        >
          Edit
        </Button>
      </>
    );
  }
  return (
    <>
      <Textarea
        aria-label="Description"
        placeholder="Markdown: **bold**, `code`, lists, tables, links"
        resize="vertical"
        rows={4}
        value={draft}
        onChange={(_, data) => setDraft(data.value)}
      />
      <div className={styles.row}>
        <Button
          size="small"
          appearance="primary"
          disabled={busy}
          icon={busy ? <Spinner size="tiny" /> : null}
          onClick={save}
        >
          Save
        </Button>
        <Button size="small" onClick={() => setDraft(null)}>
          Cancel
        </Button>
      </div>
    </>
  );
}
