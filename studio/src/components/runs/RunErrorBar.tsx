import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";

import { artifactsQuery, artifactUrl, readText } from "../../api/artifacts";
import type { Run, RunError } from "../../api/types";
import { mainLog } from "../../format/files";
import { logLines, plainText } from "../../format/log";
import { AppLink } from "../AppLink";

const useStyles = makeStyles({
  frame: {
    display: "flex",
    flexDirection: "column",
    border: `1px solid ${tokens.colorStatusDangerBorder1}`,
    borderRadius: tokens.borderRadiusLarge,
    overflow: "hidden",
    background: tokens.colorNeutralBackground1,
    flexShrink: 0,
  },
  bar: { border: "none", borderRadius: 0 },
  message: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  log: {
    margin: 0,
    padding: "8px 16px 12px",
    maxHeight: "240px",
    overflow: "auto",
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
});

const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 20;

/** Why a run failed: the sentence, and below it the last lines of the log. */
export function RunErrorBar({ ws, run, error }: { ws: string; run: Run; error: RunError }) {
  const styles = useStyles();
  const files = useQuery(artifactsQuery(ws, run.id)).data ?? [];
  const path = mainLog(files.map((file) => file.path));
  const size = files.find((file) => file.path === path)?.size ?? 0;
  const [sentence = "", ...said] = error.message.trim().split("\n");
  const tail = useQuery({
    queryKey: ["log-tail", ws, run.id, path, size],
    // A message of several lines has the end of the log in it.
    enabled: path !== undefined && size > 0 && said.length === 0,
    queryFn: ({ signal }) => readText(artifactUrl(ws, run.id, path ?? ""), size, TAIL_BYTES, { tail: true, signal }),
  }).data;
  const lines = said.length > 0 ? said : tail ? logLines(tail.text.trimEnd()).slice(-TAIL_LINES).map(plainText) : [];
  const toEnd = useCallback((box: HTMLPreElement | null) => {
    if (box) box.scrollTop = box.scrollHeight;
  }, []);
  return (
    <div className={styles.frame}>
      <MessageBar intent="error" layout="multiline" className={styles.bar}>
        <MessageBarBody>
          <MessageBarTitle>The run failed</MessageBarTitle>
          <span className={styles.message}>{sentence}</span>{" "}
          {path ? (
            <AppLink to="/ws/$ws/runs/$id" params={{ ws, id: run.id }} search={{ tab: "files", path }}>
              Open the whole log
            </AppLink>
          ) : null}
        </MessageBarBody>
      </MessageBar>
      {lines.length > 0 ? (
        <pre ref={toEnd} className={styles.log} tabIndex={0} aria-label="The last lines of the log">
          {lines.join("\n")}
        </pre>
      ) : null}
    </div>
  );
}
