import { Button, Input, makeStyles, mergeClasses, ToggleButton, tokens, Tooltip } from "@fluentui/react-components";
import {
  ArrowDown16Regular,
  ArrowDownload16Regular,
  ArrowUp16Regular,
  Pause16Regular,
  Play16Regular,
  Search16Regular,
  TextWrap16Regular,
} from "@fluentui/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type ReactElement } from "react";

import { logLines, plainText } from "../../format/log";
import { counted } from "../../format/number";
import { LogLine } from "./LogLine";

const LINE = 20;

const useStyles = makeStyles({
  frame: { display: "flex", flexDirection: "column", flex: "1 1 auto", minHeight: "240px", minWidth: 0 },
  bar: {
    display: "flex",
    alignItems: "center",
    columnGap: "4px",
    rowGap: "4px",
    flexWrap: "wrap",
    padding: "4px 8px",
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  search: { flex: "1 1 110px", minWidth: "100px", maxWidth: "240px" },
  found: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground3, whiteSpace: "nowrap" },
  gap: { flex: "1 1 auto" },
  live: {
    display: "inline-flex",
    alignItems: "center",
    columnGap: "6px",
    paddingRight: "4px",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    whiteSpace: "nowrap",
  },
  dot: { width: "8px", height: "8px", borderRadius: "50%", background: tokens.colorNeutralForeground4 },
  dotLive: {
    background: tokens.colorStatusSuccessForeground3,
    animationName: { "0%": { opacity: 1 }, "50%": { opacity: 0.35 }, "100%": { opacity: 1 } },
    animationDuration: "2s",
    animationIterationCount: "infinite",
  },
  box: {
    flex: "1 1 auto",
    minHeight: 0,
    overflow: "auto",
    background: tokens.colorNeutralBackground1,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${LINE}px`,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
  inner: { position: "relative", minWidth: "100%", width: "max-content" },
  wrapped: { width: "100%" },
});

interface Props {
  name: string;
  text: string;
  /** More may come. */
  live: boolean;
  /** The file goes back further than `text`. */
  onEarlier?: (() => void) | undefined;
  download?: string;
}

/** A log: searched, wrapped, followed while it grows. */
export function LogView({ name, text, live, onEarlier, download }: Props) {
  const styles = useStyles();
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(false);
  const [shown, setShown] = useState<number | null>(null);
  const lines = useMemo(() => {
    const all = logLines(text);
    return all[all.length - 1] === "" ? all.slice(0, -1) : all;
  }, [text]);
  const find = useFind(lines);
  const show = (line: number) => {
    setFollow(false);
    setShown(line);
  };
  return (
    <div className={styles.frame} data-log={name} data-lines={lines.length}>
      <div className={styles.bar} role="toolbar" aria-label="Log">
        <FindBar find={find} onShow={show} />
        <div className={styles.gap} />
        <LiveDot live={live} />
        <Switch
          label={follow ? "Stop following the end" : "Follow the end"}
          on={follow}
          icon={follow ? <Pause16Regular /> : <Play16Regular />}
          onClick={() => setFollow(!follow)}
        />
        <Switch label="Wrap long lines" on={wrap} icon={<TextWrap16Regular />} onClick={() => setWrap(!wrap)} />
        {download ? (
          <Tooltip content="Download the log" relationship="label">
            <Button
              size="small"
              appearance="subtle"
              as="a"
              href={download}
              download=""
              icon={<ArrowDownload16Regular />}
            />
          </Tooltip>
        ) : null}
      </div>
      {onEarlier ? (
        <Button size="small" appearance="subtle" icon={<ArrowUp16Regular />} onClick={onEarlier}>
          Load what came earlier
        </Button>
      ) : null}
      <Lines
        name={name}
        lines={lines}
        find={find}
        wrap={wrap}
        follow={follow}
        size={text.length}
        shown={shown}
        onFollow={setFollow}
      />
    </div>
  );
}

interface SwitchProps {
  label: string;
  on: boolean;
  icon: ReactElement;
  onClick: () => void;
}

function Switch({ label, on, icon, onClick }: SwitchProps) {
  return (
    <Tooltip content={label} relationship="label">
      <ToggleButton size="small" appearance="subtle" checked={on} icon={icon} onClick={onClick} />
    </Tooltip>
  );
}

interface LinesProps {
  name: string;
  lines: string[];
  find: Find;
  wrap: boolean;
  follow: boolean;
  /** Characters of the log: the last line may grow. */
  size: number;
  /** The line that the search leads to. */
  shown: number | null;
  onFollow: (follow: boolean) => void;
}

/** The lines themselves. Scrolled up by hand they are no longer followed; scrolled to their end they are again. */
function Lines({ name, lines, find, wrap, follow, size, shown, onFollow }: LinesProps) {
  const styles = useStyles();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 30,
    paddingEnd: 8,
    initialRect: { width: 800, height: 600 },
  });
  const { scrollToIndex } = virtual;
  useEffect(() => {
    if (follow && lines.length > 0) scrollToIndex(lines.length - 1, { align: "end" });
  }, [follow, lines.length, size, wrap, scrollToIndex]);
  useEffect(() => {
    if (shown !== null) scrollToIndex(shown, { align: "center" });
  }, [shown, scrollToIndex]);
  const up = (upwards: boolean) => {
    if (upwards) onFollow(false);
  };
  const onScroll = () => {
    const node = box.current;
    if (node && !follow && node.scrollHeight - node.scrollTop - node.clientHeight < 4) onFollow(true);
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it only hears how it is scrolled
    <div
      ref={box}
      className={styles.box}
      role="log"
      aria-label={name}
      aria-live="off"
      tabIndex={0}
      onWheel={(event) => up(event.deltaY < 0)}
      onTouchMove={() => onFollow(false)}
      onKeyDown={(event) => up(["ArrowUp", "PageUp", "Home"].includes(event.key))}
      onScroll={onScroll}
    >
      <div className={mergeClasses(styles.inner, wrap && styles.wrapped)} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <LogLine
            key={item.index}
            index={item.index}
            start={item.start}
            line={lines[item.index] ?? ""}
            wrap={wrap}
            search={find.text}
            current={find.line === item.index}
            measure={wrap ? virtual.measureElement : undefined}
          />
        ))}
      </div>
    </div>
  );
}

function LiveDot({ live }: { live: boolean }) {
  const styles = useStyles();
  return (
    <span className={styles.live}>
      <span className={mergeClasses(styles.dot, live && styles.dotLive)} aria-hidden />
      {live ? "Live" : "Ended"}
    </span>
  );
}

interface Find {
  text: string;
  setText: (text: string) => void;
  /** The lines that hold the text. */
  hits: number[];
  at: number;
  setAt: (at: number) => void;
  line: number | undefined;
}

function useFind(lines: readonly string[]): Find {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const hits = useMemo(() => {
    const wanted = text.toLowerCase();
    if (!wanted) return [];
    return lines.flatMap((line, i) => (plainText(line).toLowerCase().includes(wanted) ? [i] : []));
  }, [lines, text]);
  return { text, setText, hits, at, setAt, line: hits[at] };
}

function FindBar({ find, onShow }: { find: Find; onShow: (line: number) => void }) {
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
