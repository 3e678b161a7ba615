import {
  Breadcrumb,
  BreadcrumbDivider,
  BreadcrumbItem,
  makeStyles,
  mergeClasses,
  Text,
  tokens,
} from "@fluentui/react-components";
import { Fragment, useEffect, type ReactNode } from "react";

import { CommandBar, type Command } from "./CommandBar";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    minHeight: 0,
    height: "100%",
    padding: "12px 24px 0",
    rowGap: "12px",
    "@media (max-width: 767px)": { padding: "8px 16px 0" },
  },
  scrolling: { overflowY: "auto" },
  head: { display: "flex", flexDirection: "column", rowGap: "4px", flexShrink: 0, minWidth: 0 },
  crumbs: { minWidth: 0, overflow: "hidden", marginLeft: "-2px" },
  crumb: { minWidth: 0, overflow: "hidden", fontSize: tokens.fontSizeBase200 },
  // Names of things that are long give way to the words beside them.
  kept: { flexShrink: 0, maxWidth: "160px", "@media (max-width: 767px)": { maxWidth: "96px" } },
  last: { flexShrink: 0 },
  current: {
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    maxWidth: "320px",
    color: tokens.colorNeutralForeground3,
    "@media (max-width: 767px)": { maxWidth: "150px" },
  },
  over: { color: tokens.colorNeutralForeground3 },
  titleRow: { display: "flex", alignItems: "center", columnGap: "12px", rowGap: "4px", flexWrap: "wrap", minWidth: 0 },
  title: { margin: 0, overflowWrap: "anywhere", minWidth: 0 },
  body: {
    display: "flex",
    flexDirection: "column",
    flex: "1 1 auto",
    minHeight: 0,
    minWidth: 0,
    rowGap: "12px",
    paddingBottom: "16px",
  },
  flow: { flex: "1 0 auto", minHeight: "auto" },
});

interface Props {
  title: string;
  /** Links to what stands above this page. */
  crumbs?: ReactNode[];
  /** What the last crumb says; the title, if absent. */
  here?: string;
  /** A word above the title that says what it names. */
  over?: string;
  aside?: ReactNode;
  commands?: Command[];
  children: ReactNode;
  /** The page scrolls as a whole; otherwise its parts (a table, a log) scroll within the window. */
  scrolling?: boolean;
}

export function Page({ title, crumbs = [], here, over, aside, commands, children, scrolling = false }: Props) {
  const styles = useStyles();
  useEffect(() => {
    document.title = `${title} · Zaffre Studio`;
  }, [title]);
  return (
    <div className={mergeClasses(styles.page, scrolling && styles.scrolling)}>
      <header className={styles.head}>
        {crumbs.length > 0 ? <Crumbs crumbs={crumbs} here={here ?? title} /> : null}
        {over ? (
          <Text size={200} className={styles.over}>
            {over}
          </Text>
        ) : null}
        <div className={styles.titleRow}>
          <Text as="h1" size={600} weight="semibold" className={styles.title}>
            {title}
          </Text>
          {aside}
        </div>
        {commands && commands.length > 0 ? <CommandBar commands={commands} /> : null}
      </header>
      <div className={mergeClasses(styles.body, scrolling && styles.flow)}>{children}</div>
    </div>
  );
}

function Crumbs({ crumbs, here }: { crumbs: ReactNode[]; here: string }) {
  const styles = useStyles();
  return (
    <Breadcrumb aria-label="Breadcrumb" size="small" className={styles.crumbs}>
      {crumbs.map((crumb, i) => (
        <Fragment key={i}>
          <BreadcrumbItem className={mergeClasses(styles.crumb, i < 2 && styles.kept)}>{crumb}</BreadcrumbItem>
          <BreadcrumbDivider />
        </Fragment>
      ))}
      <BreadcrumbItem className={mergeClasses(styles.crumb, styles.last)}>
        <span className={styles.current} aria-current="page" title={here}>
          {here}
        </span>
      </BreadcrumbItem>
    </Breadcrumb>
  );
}
