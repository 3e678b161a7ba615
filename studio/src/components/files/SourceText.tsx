import { makeStyles, tokens } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";

import { extension } from "../../format/files";
import { highlighter, type Token } from "../../format/highlight";

const LINE = 20;

const useStyles = makeStyles({
  box: {
    height: "100%",
    overflow: "auto",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${LINE}px`,
    padding: "8px 0",
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
  inner: { position: "relative", minWidth: "100%", width: "max-content" },
  line: { position: "absolute", top: 0, left: 0, display: "flex", height: `${LINE}px`, whiteSpace: "pre" },
  number: {
    width: "52px",
    flexShrink: 0,
    paddingRight: "16px",
    textAlign: "right",
    color: tokens.colorNeutralForeground3,
    userSelect: "none",
  },
  text: { paddingRight: "16px", tabSize: 4 },
  plain: {},
  comment: { color: tokens.colorPaletteGreenForeground1, fontStyle: "italic" },
  string: { color: tokens.colorPaletteDarkOrangeForeground1 },
  number_: { color: tokens.colorPaletteTealForeground2 },
  keyword: { color: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold },
  name: { color: tokens.colorPalettePurpleForeground2 },
});

/** A text with line numbers and, for the languages it knows, colours. */
export function SourceText({ path, text }: { path: string; text: string }) {
  const styles = useStyles();
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => highlighter(extension(path))(text.replaceAll("\r\n", "\n")), [path, text]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 20,
    initialRect: { width: 800, height: 600 },
  });
  const look = (token: Token) => (token.kind === "number" ? styles.number_ : styles[token.kind]);
  return (
    <div ref={box} className={styles.box} tabIndex={0} role="region" aria-label={path}>
      <div className={styles.inner} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <div key={item.index} className={styles.line} style={{ transform: `translateY(${item.start}px)` }}>
            <span className={styles.number} aria-hidden>
              {item.index + 1}
            </span>
            <span className={styles.text}>
              {lines[item.index]?.map((token, i) => (
                <span key={i} className={look(token)}>
                  {token.text}
                </span>
              ))}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
