import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import type { Find } from "./FindBar";
import { LogLine } from "./LogLine";

const LINE = 20;

const useStyles = makeStyles({
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
export function LogLines({ name, lines, find, wrap, follow, size, shown, onFollow }: Props) {
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
