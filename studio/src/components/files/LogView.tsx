import { Button, makeStyles, mergeClasses, ToggleButton, tokens, Tooltip } from "@fluentui/react-components";
import {
  ArrowDownload16Regular,
  ArrowUp16Regular,
  Pause16Regular,
  Play16Regular,
  TextWrap16Regular,
} from "@fluentui/react-icons";
import { useMemo, useState, type ReactElement } from "react";

import { logLines } from "../../format/log";
import { FindBar, useFind } from "./FindBar";
import { LogLines } from "./LogLines";

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
});

interface Props {
  name: string;
  text: string;
  /** More may come. */
  live: boolean;
  /** The file goes back further than `text`. */
  onEarlier?: (() => void) | undefined;
  download?: string;
  /** Long lines are wrapped until one says otherwise. */
  wrapped?: boolean;
}

/** A log: searched, wrapped, followed while it grows. */
export function LogView({ name, text, live, onEarlier, download, wrapped = false }: Props) {
  const styles = useStyles();
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(wrapped);
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
      <LogLines
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

function LiveDot({ live }: { live: boolean }) {
  const styles = useStyles();
  return (
    <span className={styles.live}>
      <span className={mergeClasses(styles.dot, live && styles.dotLive)} aria-hidden />
      {live ? "Live" : "Ended"}
    </span>
  );
}
