import {
  Button,
  DrawerBody,
  makeStyles,
  mergeClasses,
  OverlayDrawer,
  tokens,
  Tooltip,
} from "@fluentui/react-components";
import { Navigation20Regular } from "@fluentui/react-icons";
import { useState, type ReactNode } from "react";

import { ConnectionBar } from "./ConnectionBar";
import { useNarrow } from "./media";
import { Navigation } from "./Navigation";
import { TopBar } from "./TopBar";

const useStyles = makeStyles({
  shell: { display: "flex", flexDirection: "column", height: "100dvh", overflow: "hidden" },
  columns: { display: "flex", flex: "1 1 auto", minHeight: 0 },
  side: {
    flexShrink: 0,
    width: "208px",
    overflowY: "auto",
    overflowX: "hidden",
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    background: tokens.colorNeutralBackground2,
  },
  rail: { width: "56px" },
  page: { flex: "1 1 auto", minHeight: 0 },
  main: {
    display: "flex",
    flexDirection: "column",
    flex: "1 1 auto",
    minWidth: 0,
    minHeight: 0,
    background: tokens.colorNeutralBackground2,
    ":focus": { outline: "none" },
  },
  skip: {
    position: "absolute",
    left: "8px",
    top: "-48px",
    zIndex: 10,
    padding: "8px 16px",
    background: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForegroundLink,
    borderRadius: tokens.borderRadiusMedium,
    ":focus": { top: "6px", outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  drawer: { width: "264px" },
  drawerBody: { padding: 0 },
});

const RAIL_KEY = "zaffre.rail";

/** The frame of every page: top bar, navigation, main part. */
export function Shell({ children }: { children: ReactNode }) {
  const styles = useStyles();
  const narrow = useNarrow();
  const [rail, setRail] = useState(() => localStorage.getItem(RAIL_KEY) === "yes");
  const [drawer, setDrawer] = useState(false);

  const toggle = () => {
    if (narrow) {
      setDrawer(true);
      return;
    }
    localStorage.setItem(RAIL_KEY, rail ? "no" : "yes");
    setRail(!rail);
  };
  const label = narrow ? "Open navigation" : rail ? "Expand navigation" : "Collapse navigation";
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <TopBar
        start={
          <Tooltip content={label} relationship="label">
            <Button
              appearance="transparent"
              style={{ color: "inherit" }}
              icon={<Navigation20Regular />}
              aria-expanded={narrow ? drawer : !rail}
              onClick={toggle}
            />
          </Tooltip>
        }
      />
      <div className={styles.columns}>
        {narrow ? (
          <OverlayDrawer
            open={drawer}
            position="start"
            className={styles.drawer}
            onOpenChange={(_, data) => setDrawer(data.open)}
          >
            <DrawerBody className={styles.drawerBody}>
              <Navigation onNavigate={() => setDrawer(false)} />
            </DrawerBody>
          </OverlayDrawer>
        ) : (
          <div className={mergeClasses(styles.side, rail && styles.rail)}>
            <Navigation rail={rail} />
          </div>
        )}
        <main id="main" className={styles.main} tabIndex={-1}>
          <ConnectionBar />
          <div className={styles.page}>{children}</div>
        </main>
      </div>
    </div>
  );
}
