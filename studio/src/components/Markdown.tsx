import { Link, makeStyles, tokens } from "@fluentui/react-components";
import { Fragment, useMemo, type ReactNode } from "react";

import { markdown, type Block, type Inline } from "../format/markdown";

const useStyles = makeStyles({
  text: {
    display: "flex",
    flexDirection: "column",
    rowGap: "8px",
    minWidth: 0,
    overflowWrap: "anywhere",
    "& p, & ul, & ol, & pre, & blockquote, & h3, & h4": { margin: 0 },
    "& ul, & ol": { paddingLeft: "24px" },
    "& h3": { fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400 },
    "& h4": { fontSize: tokens.fontSizeBase300, lineHeight: tokens.lineHeightBase300 },
    "& code": {
      fontFamily: tokens.fontFamilyMonospace,
      fontSize: "0.92em",
      padding: "1px 4px",
      borderRadius: tokens.borderRadiusSmall,
      background: tokens.colorNeutralBackground4,
    },
    "& pre": {
      padding: "8px 12px",
      overflowX: "auto",
      borderRadius: tokens.borderRadiusMedium,
      background: tokens.colorNeutralBackground4,
    },
    "& pre code": { padding: 0, background: "none" },
    "& blockquote": { paddingLeft: "12px", borderLeft: `3px solid ${tokens.colorNeutralStroke1}` },
    "& hr": { width: "100%", border: "none", borderTop: `1px solid ${tokens.colorNeutralStroke2}`, margin: "4px 0" },
    "& th, & td": { padding: "4px 12px 4px 0", textAlign: "left", verticalAlign: "top" },
    "& th": { borderBottom: `1px solid ${tokens.colorNeutralStroke1}` },
  },
  wide: { overflowX: "auto", ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` } },
});

/** A text as its writer meant it. Headings stand below those of the page. */
export function Markdown({ text }: { text: string }) {
  const styles = useStyles();
  const blocks = useMemo(() => markdown(text), [text]);
  return (
    <div className={styles.text}>
      {blocks.map((block, i) => (
        <Fragment key={i}>{drawn(block, styles.wide)}</Fragment>
      ))}
    </div>
  );
}

function drawn(block: Block, wide: string): ReactNode {
  switch (block.kind) {
    case "heading":
      return block.level <= 2 ? <h3>{spans(block.parts)}</h3> : <h4>{spans(block.parts)}</h4>;
    case "paragraph":
      return <p>{lined(block.lines)}</p>;
    case "quote":
      return <blockquote>{lined(block.lines)}</blockquote>;
    case "list": {
      const items = block.items.map((parts, i) => <li key={i}>{spans(parts)}</li>);
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "code":
      return (
        <pre tabIndex={0} aria-label="Code">
          <code>{block.text}</code>
        </pre>
      );
    case "table":
      return (
        <div className={wide} role="region" aria-label="Table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {block.head.map((parts, i) => (
                  <th key={i}>{spans(parts)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, r) => (
                <tr key={r}>
                  {row.map((parts, i) => (
                    <td key={i}>{spans(parts)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case "rule":
      return <hr />;
  }
}

/** Lines end where the writer ended them, as in MLflow's notes and in chats. */
function lined(lines: Inline[][]): ReactNode {
  return lines.map((parts, i) => (
    <Fragment key={i}>
      {i > 0 ? <br /> : null}
      {spans(parts)}
    </Fragment>
  ));
}

function spans(parts: Inline[]): ReactNode {
  return parts.map((part, i) => {
    switch (part.kind) {
      case "text":
        return <Fragment key={i}>{part.text}</Fragment>;
      case "code":
        return <code key={i}>{part.text}</code>;
      case "strong":
        return <strong key={i}>{spans(part.parts)}</strong>;
      case "emphasis":
        return <em key={i}>{spans(part.parts)}</em>;
      case "link":
        return (
          <Link key={i} href={part.href} target="_blank" rel="noopener noreferrer" inline>
            {spans(part.parts)}
          </Link>
        );
    }
  });
}
