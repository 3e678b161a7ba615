import { makeStyles, Tab, TabList, tokens } from "@fluentui/react-components";
import { useEffect, useRef } from "react";

const useStyles = makeStyles({
  frame: { flexShrink: 0, borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
  tabs: { overflowX: "auto", overflowY: "hidden", marginLeft: "-12px" },
});

interface Props<T extends string> {
  tabs: readonly (readonly [name: T, label: string])[];
  selected: T;
  onSelect: (tab: T) => void;
}

/** The parts of a page. */
export function PageTabs<T extends string>({ tabs, selected, onSelect }: Props<T>) {
  const styles = useStyles();
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen not all tabs have room: the chosen one is brought into view.
    frame.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected]);
  return (
    <div ref={frame} className={styles.frame}>
      <TabList
        className={styles.tabs}
        selectedValue={selected}
        onTabSelect={(_, data) => onSelect(data.value as T)}
        aria-label="Parts of this page"
      >
        {tabs.map(([name, label]) => (
          <Tab key={name} value={name}>
            {label}
          </Tab>
        ))}
      </TabList>
    </div>
  );
}
