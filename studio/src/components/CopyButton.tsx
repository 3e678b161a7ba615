import { Button, makeStyles, tokens, Tooltip } from "@fluentui/react-components";
import { Checkmark16Regular, Copy16Regular } from "@fluentui/react-icons";
import { useEffect, useState } from "react";

const useStyles = makeStyles({
  line: { display: "inline-flex", alignItems: "center", minWidth: 0, maxWidth: "100%", columnGap: "2px" },
  text: {
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

/** Puts `text` on the clipboard; `what` completes the label "Copy ...". */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const label = copied ? "Copied" : `Copy ${what}`;
  return (
    <Tooltip content={label} relationship="label">
      <Button
        appearance="transparent"
        size="small"
        icon={copied ? <Checkmark16Regular /> : <Copy16Regular />}
        onClick={(event) => {
          event.stopPropagation();
          void copyText(text).then(setCopied);
        }}
      />
    </Tooltip>
  );
}

/** A short machine text, such as an id, with its copy button; too long a one is cut with an ellipsis. */
export function CopyText({ text, what }: { text: string; what: string }) {
  const styles = useStyles();
  return (
    <span className={styles.line}>
      <span className={styles.text} title={text}>
        {text}
      </span>
      <CopyButton text={text} what={what} />
    </span>
  );
}

/** True if it is on the clipboard. Pages that are not served securely have no clipboard API, only the old command. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way left without a secure context
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
