import { Button, makeStyles, MessageBar, MessageBarBody, Text, tokens } from "@fluentui/react-components";
import { ArrowSync16Regular, Eye16Regular, EyeOff16Regular } from "@fluentui/react-icons";
import { useState } from "react";

import { errorSentence } from "../../api/client";
import { listServiceKeys, regenerateServiceKey, type KeyName } from "../../api/services";
import type { Service, ServiceKeys } from "../../api/types";
import { Card, Facts } from "../Card";
import { ConfirmDialog } from "../ConfirmDialog";
import { CopyButton } from "../CopyButton";
import { useNotify } from "../notify";

const useStyles = makeStyles({
  line: { display: "flex", alignItems: "center", flexWrap: "wrap", columnGap: "2px", minWidth: 0 },
  key: {
    minWidth: 0,
    overflowWrap: "anywhere",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
  hint: { color: tokens.colorNeutralForeground3 },
});

const NAMES: readonly KeyName[] = ["Primary", "Secondary"];
const HIDDEN = "•".repeat(24);

/** The keys of which callers send one. They are asked for when somebody wants to see or copy one, not before. */
export function Keys({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const { keys, error, show, hide, replace } = useKeys(ws, service);
  const [replacing, setReplacing] = useState<KeyName | null>(null);
  return (
    <Card
      title="Keys"
      actions={
        <Button
          appearance="subtle"
          size="small"
          icon={keys ? <EyeOff16Regular /> : <Eye16Regular />}
          onClick={() => {
            if (keys) hide();
            else void show();
          }}
        >
          {keys ? "Hide" : "Show"}
        </Button>
      }
    >
      {error !== null ? (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>{errorSentence(error)}</MessageBarBody>
        </MessageBar>
      ) : null}
      <Facts
        facts={NAMES.map((name) => [
          name,
          <KeyLine
            key={name}
            name={name}
            text={keys ? keyOf(keys, name) : null}
            onReplace={() => setReplacing(name)}
          />,
        ])}
      />
      <Text size={200} className={styles.hint}>
        Callers send one of them in the header &quot;Authorization: Bearer KEY&quot;. To change keys without a pause,
        let them use the one while you regenerate the other.
      </Text>
      <ConfirmDialog
        open={replacing !== null}
        title={`Regenerate the ${(replacing ?? "Primary").toLowerCase()} key of ${service.name}?`}
        action="Regenerate"
        onConfirm={() => (replacing ? replace(replacing) : Promise.resolve())}
        onClose={() => setReplacing(null)}
      >
        Whoever sends the present key is refused from then on. It does not come back.
      </ConfirmDialog>
    </Card>
  );
}

/** The keys once they were asked for, null before and when they are hidden again. */
function useKeys(ws: string, service: Service) {
  const notify = useNotify();
  const [keys, setKeys] = useState<ServiceKeys | null>(null);
  const [error, setError] = useState<unknown>(null);

  const show = async () => {
    try {
      setError(null);
      setKeys(await listServiceKeys(ws, service.name));
    } catch (thrown) {
      setError(thrown);
    }
  };
  const replace = async (name: KeyName) => {
    setKeys(await regenerateServiceKey(ws, service.name, name));
    notify.done(`Replaced the ${name.toLowerCase()} key of ${service.name}`);
  };
  return { keys, error, show, hide: () => setKeys(null), replace };
}

/** One key, hidden where `text` is null. */
function KeyLine({ name, text, onReplace }: { name: KeyName; text: string | null; onReplace: () => void }) {
  const styles = useStyles();
  const what = `the ${name.toLowerCase()} key`;
  return (
    <span className={styles.line}>
      <span className={styles.key} data-key={name}>
        {text ?? HIDDEN}
      </span>
      {text === null ? null : <CopyButton text={text} what={what} />}
      <Button
        appearance="transparent"
        size="small"
        icon={<ArrowSync16Regular />}
        aria-label={`Regenerate ${what}`}
        onClick={onReplace}
      >
        Regenerate
      </Button>
    </span>
  );
}

function keyOf(keys: ServiceKeys, name: KeyName): string {
  return name === "Primary" ? keys.primary_key : keys.secondary_key;
}
