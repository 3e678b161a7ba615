import { Button, Field, Input, makeStyles, Text, tokens, Tooltip } from "@fluentui/react-components";
import { Add16Regular, Dismiss12Regular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { modelKeys } from "../../api/models";
import { deleteAlias, putAlias } from "../../api/registered_models";
import type { ModelVersion } from "../../api/types";
import { aliasesOf } from "../../format/aliases";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";

const useStyles = makeStyles({
  list: { display: "flex", flexWrap: "wrap", gap: "8px", alignItems: "center", minWidth: 0 },
  alias: {
    display: "inline-flex",
    alignItems: "center",
    maxWidth: "100%",
    minHeight: "26px",
    padding: "0 2px 0 8px",
    borderRadius: tokens.borderRadiusCircular,
    color: tokens.colorBrandForeground2,
    background: tokens.colorBrandBackground2,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
  },
  text: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  remove: { minWidth: "20px", width: "20px", height: "20px", padding: 0, marginLeft: "4px" },
  none: { color: tokens.colorNeutralForeground3 },
  hint: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
});

interface Props {
  ws: string;
  model: ModelVersion;
  /** Of the whole model: alias to version. */
  aliases: Record<string, number>;
}

/** The aliases that point at a version: names that scripts load it by, and that move to another version. */
export function Aliases({ ws, model, aliases }: Props) {
  const styles = useStyles();
  const client = useQueryClient();
  const notify = useNotify();
  const [adding, setAdding] = useState(false);
  const here = aliasesOf(aliases, model.version);
  const refresh = () => client.invalidateQueries({ queryKey: modelKeys.registered(ws) });
  const remove = (alias: string) => {
    deleteAlias(ws, model.name, alias).then(refresh, (error: unknown) =>
      notify.failed(`The alias ${alias} was not removed`, error),
    );
  };
  return (
    <>
      <div className={styles.list}>
        {here.length === 0 ? <span className={styles.none}>No aliases</span> : null}
        {here.map((alias) => (
          <span key={alias} className={styles.alias}>
            <span className={styles.text} title={alias}>
              {alias}
            </span>
            <Tooltip content={`Remove the alias ${alias}`} relationship="label">
              <Button
                className={styles.remove}
                appearance="transparent"
                size="small"
                icon={<Dismiss12Regular />}
                onClick={() => remove(alias)}
              />
            </Tooltip>
          </span>
        ))}
        <Button size="small" appearance="subtle" icon={<Add16Regular />} onClick={() => setAdding(true)}>
          Add alias
        </Button>
      </div>
      {here[0] ? (
        <Text size={200} className={styles.hint}>
          MLflow loads it as <code>{`models:/${model.name}@${here[0]}`}</code>
        </Text>
      ) : null}
      {adding ? (
        <AliasDialog ws={ws} model={model} aliases={aliases} onDone={refresh} onClose={() => setAdding(false)} />
      ) : null}
    </>
  );
}

function AliasDialog({ ws, model, aliases, onDone, onClose }: Props & { onDone: () => unknown; onClose: () => void }) {
  const notify = useNotify();
  const [text, setText] = useState("");
  const alias = text.trim();
  const before = aliases[alias];
  const submit = async () => {
    await putAlias(ws, model.name, alias, model.version);
    notify.done(`${alias} points at version ${model.version}`);
    await onDone();
    onClose();
  };
  const hint =
    before === undefined
      ? "A name for this version, such as champion. It points at one version at a time."
      : `It moves here from version ${before}.`;
  return (
    <FormDialog
      title={`Alias of version ${model.version}`}
      action={before === undefined ? "Add" : "Move"}
      ready={alias !== "" && before !== model.version}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="Alias" required hint={before === model.version ? "It points at this version already." : hint}>
        <Input value={text} onChange={(_, data) => setText(data.value)} required />
      </Field>
    </FormDialog>
  );
}
