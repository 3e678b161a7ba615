import { makeStyles, tokens } from "@fluentui/react-components";

/** A list at the side and what is chosen in it beside; on narrow screens one at a time. */
export const useSplitStyles = makeStyles({
  split: {
    display: "flex",
    flex: "1 1 auto",
    minHeight: 0,
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    overflow: "hidden",
  },
  side: {
    display: "flex",
    flexDirection: "column",
    flex: "0 0 300px",
    minHeight: 0,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  sideNarrow: { flex: "1 1 auto", borderRight: "none" },
  foot: {
    display: "flex",
    alignItems: "center",
    justifyContent: "space-between",
    columnGap: "8px",
    padding: "6px 12px",
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
  main: { display: "flex", flexDirection: "column", flex: "1 1 auto", minWidth: 0, minHeight: 0 },
  back: { padding: "4px", borderBottom: `1px solid ${tokens.colorNeutralStroke2}` },
});
