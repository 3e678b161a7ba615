import { makeStyles, Tab, TabList, tokens } from "@fluentui/react-components";
import { useState } from "react";

import { CopyButton } from "./CopyButton";

const useStyles = makeStyles({
  frame: {
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    background: tokens.colorNeutralBackground2,
    overflow: "hidden",
    minWidth: 0,
  },
  bar: {
    display: "flex",
    alignItems: "center",
    justifyContent: "space-between",
    padding: "2px 6px 2px 12px",
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    background: tokens.colorNeutralBackground3,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    minHeight: "32px",
  },
  tabs: { marginLeft: "-8px" },
  code: {
    margin: 0,
    padding: "12px",
    overflowX: "auto",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    textAlign: "left",
    color: tokens.colorNeutralForeground1,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
});

export interface Snippet {
  title: string;
  code: string;
}

/** Ready-to-paste code with its copy button; several snippets become tabs. */
export function CodeBlock({ snippets }: { snippets: [Snippet, ...Snippet[]] }) {
  const styles = useStyles();
  const [chosen, setChosen] = useState(snippets[0].title);
  const shown = snippets.find((snippet) => snippet.title === chosen) ?? snippets[0];
  return (
    <div className={styles.frame}>
      <div className={styles.bar}>
        {snippets.length === 1 ? (
          <span>{shown.title}</span>
        ) : (
          <TabList
            className={styles.tabs}
            size="small"
            selectedValue={shown.title}
            onTabSelect={(_, data) => setChosen(String(data.value))}
          >
            {snippets.map((snippet) => (
              <Tab key={snippet.title} value={snippet.title}>
                {snippet.title}
              </Tab>
            ))}
          </TabList>
        )}
        <CopyButton text={shown.code} what={shown.title} />
      </div>
      <pre className={styles.code} tabIndex={0} aria-label={shown.title}>
        <code>{shown.code}</code>
      </pre>
    </div>
  );
}
