import { Link, makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import Rendered, { type Components } from "react-markdown";
import remarkBreaks from "remark-breaks";
import remarkGfm from "remark-gfm";

import { webAddress } from "../format/prose";

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

/** Headings stand below those of the page. Nothing is fetched from elsewhere: a picture is a link to it. */
const COMPONENTS: Components = {
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h5: ({ children }) => <h4>{children}</h4>,
  h6: ({ children }) => <h4>{children}</h4>,
  a: ({ href, children }) => (href ? <Outward to={href}>{children}</Outward> : <>{children}</>),
  img: ({ src, alt }) => (src ? <Outward to={src}>{alt || src}</Outward> : <>{alt}</>),
  input: ({ checked }) => <>{checked ? "\u2611" : "\u2610"}</>,
  pre: ({ children }) => (
    <pre tabIndex={0} aria-label="Code">
      {children}
    </pre>
  ),
  table: Table,
};

/** Markdown as GitHub reads it, and each line ends where its writer ended it, as in MLflow's notes and in chats. HTML
 *  stays text. */
export default function RichText({ text }: { text: string }) {
  const styles = useStyles();
  return (
    <div className={styles.text}>
      <Rendered remarkPlugins={[remarkGfm, remarkBreaks]} components={COMPONENTS} urlTransform={webAddress}>
        {text}
      </Rendered>
    </div>
  );
}

function Outward({ to, children }: { to: string; children?: ReactNode }) {
  return (
    <Link href={to} target="_blank" rel="noopener noreferrer" inline>
      {children}
    </Link>
  );
}

function Table({ children }: { children?: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.wide} role="region" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}
