import {
  Button,
  makeStyles,
  Menu,
  MenuButton,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  mergeClasses,
  tokens,
  Tooltip,
} from "@fluentui/react-components";
import { DarkTheme20Regular, WeatherMoon20Regular, WeatherSunny20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { serverQuery, workspacesQuery } from "../api/workspaces";
import { useTheme, type ThemeChoice } from "./theme";
import { AccountMenu } from "./AccountMenu";
import { Mark } from "./Mark";
import { useWorkspace } from "./WorkspaceContext";

const useStyles = makeStyles({
  bar: {
    display: "flex",
    alignItems: "center",
    flexShrink: 0,
    height: "48px",
    padding: "0 12px",
    columnGap: "8px",
    background: "#19277c",
    color: "#ffffff",
  },
  dark: { background: "#0d164c" },
  brand: {
    display: "flex",
    alignItems: "center",
    columnGap: "10px",
    color: "inherit",
    textDecorationLine: "none",
    fontSize: tokens.fontSizeBase400,
    fontWeight: tokens.fontWeightSemibold,
    whiteSpace: "nowrap",
    borderRadius: tokens.borderRadiusMedium,
    padding: "4px 6px",
    ":focus-visible": { outline: "2px solid #ffffff" },
  },
  soft: { fontWeight: tokens.fontWeightRegular, "@media (max-width: 479px)": { display: "none" } },
  gap: { flex: "1 1 auto" },
  onDark: {
    color: "#ffffff",
    ":hover": { color: "#ffffff", background: "rgba(255, 255, 255, 0.14)" },
    ":hover:active": { color: "#ffffff", background: "rgba(255, 255, 255, 0.2)" },
    "& .fui-Button__icon": { color: "inherit" },
    ":hover .fui-Button__icon": { color: "inherit" },
    "& .fui-MenuButton__menuIcon": { color: "inherit" },
    ":focus-visible": { outline: "2px solid #ffffff" },
  },
  name: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", maxWidth: "140px" },
});

export function TopBar({ start }: { start: ReactNode }) {
  const styles = useStyles();
  const ws = useWorkspace();
  const { isDark } = useTheme();
  return (
    <header className={mergeClasses(styles.bar, isDark && styles.dark)}>
      {start}
      <Link to="/ws/$ws" params={{ ws }} className={styles.brand}>
        <Mark />
        <span>
          Zaffre <span className={styles.soft}>Studio</span>
        </span>
      </Link>
      <div className={styles.gap} />
      <WorkspaceMenu />
      <ThemeMenu />
      <AccountMenu className={styles.onDark} />
    </header>
  );
}

function WorkspaceMenu() {
  const styles = useStyles();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const workspaces = useQuery(workspacesQuery());
  const server = useQuery(serverQuery());
  const names = workspaces.data?.map((workspace) => workspace.name) ?? [ws];
  const version = server.data ? `Zaffre ${server.data.version}` : "Zaffre";
  return (
    <Menu
      checkedValues={{ ws: [ws] }}
      onCheckedValueChange={(_, data) => {
        const chosen = data.checkedItems[0];
        if (chosen) void navigate({ to: "/ws/$ws", params: { ws: chosen } });
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton appearance="transparent" className={styles.onDark} title={version} aria-label={`Workspace ${ws}`}>
          <span className={styles.name}>{ws}</span>
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {names.map((name) => (
            <MenuItemRadio key={name} name="ws" value={name}>
              {name}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

const CHOICES: { value: ThemeChoice; label: string; icon: ReactNode }[] = [
  { value: "system", label: "Same as the system", icon: <DarkTheme20Regular /> },
  { value: "light", label: "Light", icon: <WeatherSunny20Regular /> },
  { value: "dark", label: "Dark", icon: <WeatherMoon20Regular /> },
];

function ThemeMenu() {
  const styles = useStyles();
  const { choice, isDark, choose } = useTheme();
  return (
    <Menu
      checkedValues={{ theme: [choice] }}
      onCheckedValueChange={(_, data) => choose((data.checkedItems[0] ?? "system") as ThemeChoice)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Tooltip content="Theme" relationship="label">
          <Button
            appearance="transparent"
            className={styles.onDark}
            icon={isDark ? <WeatherMoon20Regular /> : <WeatherSunny20Regular />}
          />
        </Tooltip>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {CHOICES.map((entry) => (
            <MenuItemRadio key={entry.value} name="theme" value={entry.value} icon={<>{entry.icon}</>}>
              {entry.label}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
