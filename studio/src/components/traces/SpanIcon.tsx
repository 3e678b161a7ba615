import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import {
  Bot16Regular,
  BranchFork16Regular,
  Chat16Regular,
  Circle16Regular,
  Database16Regular,
  ErrorCircle16Filled,
  Link16Regular,
  NumberSymbol16Regular,
  Search16Regular,
  Wrench16Regular,
} from "@fluentui/react-icons";
import type { ReactElement } from "react";

const useStyles = makeStyles({
  icon: { display: "inline-flex", flexShrink: 0, width: "16px", color: tokens.colorNeutralForeground3 },
  failed: { color: tokens.colorStatusDangerForeground1 },
});

const ICONS: Record<string, ReactElement> = {
  AGENT: <Bot16Regular />,
  CHAIN: <Link16Regular />,
  CHAT_MODEL: <Chat16Regular />,
  LLM: <Chat16Regular />,
  TOOL: <Wrench16Regular />,
  RETRIEVER: <Search16Regular />,
  RERANKER: <BranchFork16Regular />,
  EMBEDDING: <NumberSymbol16Regular />,
  MEMORY: <Database16Regular />,
};

/** What kind of step a span is. */
export function SpanIcon({ type, failed }: { type: string; failed: boolean }) {
  const styles = useStyles();
  return (
    <span className={mergeClasses(styles.icon, failed && styles.failed)} aria-hidden>
      {failed ? <ErrorCircle16Filled /> : (ICONS[type] ?? <Circle16Regular />)}
    </span>
  );
}
