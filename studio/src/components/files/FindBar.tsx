import { Button, Input, makeStyles, tokens } from "@fluentui/react-components";
import { ArrowDown16Regular, ArrowUp16Regular, Search16Regular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";

import { plainText } from "../../format/log";
import { counted } from "../../format/number";

const useStyles = makeStyles({
  search: { flex: "1 1 110px", minWidth: "100px", maxWidth: "240px" },
  found: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground3, whiteSpace: "nowrap" },
});

/** A search in the lines of a log. */
export interface Find {
  text: string;
  setText: (text: string) => void;
  /** The lines that hold the text. */
  hits: number[];
  at: number;
  setAt: (at: number) => void;
  line: number | undefined;
}

export function useFind(lines: readonly string[]): Find {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const hits = useMemo(() => {
    const wanted = text.toLowerCase();
    if (!wanted) return [];
    return lines.flatMap((line, i) => (plainText(line).toLowerCase().includes(wanted) ? [i] : []));
  }, [lines, text]);
  return { text, setText, hits, at, setAt, line: hits[at] };
}

/** The box that searches a log, and the way from one find to the next. */
export function FindBar({ find, onShow }: { find: Find; onShow: (line: number) => void }) {
  const styles = useStyles();
  const go = (by: number) => {
    if (find.hits.length === 0) return;
    const at = (find.at + by + find.hits.length) % find.hits.length;
    find.setAt(at);
    onShow(find.hits[at] ?? 0);
  };
  const found = find.hits.length === 0 ? "Not found" : `${find.at + 1} of ${counted(find.hits.length, "line")}`;
  return (
    <>
      <Input
        size="small"
        className={styles.search}
        aria-label="Search the log"
        placeholder="Search the log"
        contentBefore={<Search16Regular />}
        value={find.text}
        onChange={(_, data) => {
          find.setText(data.value);
          find.setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") find.setText("");
        }}
      />
      {find.text ? (
        <>
          <span className={styles.found} role="status">
            {found}
          </span>
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowUp16Regular />}
            aria-label="Previous"
            onClick={() => go(-1)}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowDown16Regular />}
            aria-label="Next"
            onClick={() => go(1)}
          />
        </>
      ) : null}
    </>
  );
}
