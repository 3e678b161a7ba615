import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";

import { plainText, spans, type AnsiColor, type Span } from "../../format/log";

const useStyles = makeStyles({
  line: { position: "absolute", top: 0, left: 0, display: "flex", minWidth: "100%", whiteSpace: "pre" },
  wrap: { width: "100%", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  current: { background: tokens.colorNeutralBackground1Selected },
  number: {
    flexShrink: 0,
    width: "64px",
    paddingRight: "12px",
    textAlign: "right",
    color: tokens.colorNeutralForeground3,
    userSelect: "none",
  },
  text: { flex: "1 1 auto", minWidth: 0, paddingRight: "12px" },
  bold: { fontWeight: tokens.fontWeightBold },
  dim: { opacity: 0.7 },
  mark: { background: tokens.colorPaletteYellowBackground2, color: tokens.colorNeutralForeground1 },
  black: { color: tokens.colorNeutralForeground1 },
  white: { color: tokens.colorNeutralForeground2 },
  red: { color: tokens.colorPaletteRedForeground1 },
  green: { color: tokens.colorPaletteGreenForeground1 },
  yellow: { color: tokens.colorPaletteMarigoldForeground1 },
  blue: { color: tokens.colorPaletteBlueForeground2 },
  magenta: { color: tokens.colorPalettePurpleForeground2 },
  cyan: { color: tokens.colorPaletteTealForeground2 },
});

interface Props {
  index: number;
  start: number;
  line: string;
  wrap: boolean;
  search: string;
  current: boolean;
  measure?: ((node: HTMLElement | null) => void) | undefined;
}

/** One line with its number, its terminal colours, and what is searched for marked. */
export function LogLine({ index, start, line, wrap, search, current, measure }: Props) {
  const styles = useStyles();
  return (
    <div
      ref={measure ?? null}
      data-index={index}
      className={mergeClasses(styles.line, wrap && styles.wrap, current && styles.current)}
      style={{ transform: `translateY(${start}px)` }}
    >
      <span className={styles.number} aria-hidden>
        {index + 1}
      </span>
      <span className={styles.text}>
        {search ? <Marked text={plainText(line)} search={search} /> : <Colored line={line} />}
      </span>
    </div>
  );
}

function Colored({ line }: { line: string }) {
  const styles = useStyles();
  const color = (name: AnsiColor | undefined) => (name ? styles[name] : undefined);
  return (
    <>
      {spans(line).map((span: Span, i) => (
        <span key={i} className={mergeClasses(color(span.color), span.bold && styles.bold, span.dim && styles.dim)}>
          {span.text}
        </span>
      ))}
    </>
  );
}

function Marked({ text, search }: { text: string; search: string }) {
  const styles = useStyles();
  const parts: { text: string; hit: boolean }[] = [];
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push({ text: text.slice(from, at), hit: false }, { text: text.slice(at, at + wanted.length), hit: true });
    from = at + wanted.length;
  }
  parts.push({ text: text.slice(from), hit: false });
  return (
    <>
      {parts.map((part, i) =>
        part.hit ? (
          <mark key={i} className={styles.mark}>
            {part.text}
          </mark>
        ) : (
          part.text
        ),
      )}
    </>
  );
}
