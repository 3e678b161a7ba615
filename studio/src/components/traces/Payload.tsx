import { makeStyles, Switch, Text, tokens } from "@fluentui/react-components";
import { useMemo, useState } from "react";

import { chatMessages, type ChatMessage } from "../../format/chat";
import { CopyButton } from "../CopyButton";
import { Markdown } from "../Markdown";

const useStyles = makeStyles({
  part: { display: "flex", flexDirection: "column", rowGap: "4px", minWidth: 0 },
  head: { display: "flex", alignItems: "center", justifyContent: "space-between", minHeight: "32px" },
  title: { margin: 0 },
  tools: { display: "flex", alignItems: "center", columnGap: "4px" },
  box: {
    margin: 0,
    padding: "8px 12px",
    maxHeight: "360px",
    overflow: "auto",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    background: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  prose: { fontFamily: tokens.fontFamilyBase, fontSize: tokens.fontSizeBase300 },
  messages: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "6px" },
  message: {
    padding: "8px 12px",
    background: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    overflowWrap: "anywhere",
    maxHeight: "280px",
    overflow: "auto",
  },
  role: {
    display: "block",
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
  },
});

/** What went into a span or came out of it: a conversation as messages, a text as it is, anything else as JSON. */
export function Payload({ title, value }: { title: string; value: unknown }) {
  const styles = useStyles();
  const messages = useMemo(() => chatMessages(value), [value]);
  const [raw, setRaw] = useState(false);
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <section className={styles.part} aria-label={title}>
      <div className={styles.head}>
        <Text as="h3" weight="semibold" className={styles.title}>
          {title}
        </Text>
        <span className={styles.tools}>
          {messages ? <Switch label="JSON" checked={raw} onChange={(_, data) => setRaw(data.checked)} /> : null}
          <CopyButton text={text} what={title.toLowerCase()} />
        </span>
      </div>
      {messages && !raw ? (
        <Messages messages={messages} />
      ) : (
        <pre
          className={typeof value === "string" ? `${styles.box} ${styles.prose}` : styles.box}
          tabIndex={0}
          aria-label={title}
        >
          {text}
        </pre>
      )}
    </section>
  );
}

function Messages({ messages }: { messages: ChatMessage[] }) {
  const styles = useStyles();
  return (
    <ul className={styles.messages}>
      {messages.map(({ role, content }, i) => (
        <li key={i} className={styles.message}>
          <span className={styles.role}>{role}</span>
          <Markdown text={content} />
        </li>
      ))}
    </ul>
  );
}
