import { makeStyles, tokens, Tooltip } from "@fluentui/react-components";
import {
  Beaker20Filled,
  Beaker20Regular,
  Box20Filled,
  Box20Regular,
  bundleIcon,
  CloudFlow20Filled,
  CloudFlow20Regular,
  Home20Filled,
  Home20Regular,
  LayerDiagonal20Filled,
  LayerDiagonal20Regular,
  PlayCircle20Filled,
  PlayCircle20Regular,
  Server20Filled,
  Server20Regular,
  Settings20Filled,
  Settings20Regular,
} from "@fluentui/react-icons";
import { createLink } from "@tanstack/react-router";
import { forwardRef, type AnchorHTMLAttributes, type ComponentType, type ReactNode } from "react";

import { useWorkspace } from "./WorkspaceContext";

const HomeIcon = bundleIcon(Home20Filled, Home20Regular);
const ExperimentsIcon = bundleIcon(Beaker20Filled, Beaker20Regular);
const RunsIcon = bundleIcon(PlayCircle20Filled, PlayCircle20Regular);
const ModelsIcon = bundleIcon(Box20Filled, Box20Regular);
const EndpointsIcon = bundleIcon(CloudFlow20Filled, CloudFlow20Regular);
const EnvironmentsIcon = bundleIcon(LayerDiagonal20Filled, LayerDiagonal20Regular);
const ComputeIcon = bundleIcon(Server20Filled, Server20Regular);
const SettingsIcon = bundleIcon(Settings20Filled, Settings20Regular);

const useStyles = makeStyles({
  nav: { display: "flex", flexDirection: "column", rowGap: "2px", padding: "8px" },
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "2px" },
  section: {
    padding: "16px 10px 6px",
    margin: 0,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
  },
  rule: { height: "1px", margin: "10px 8px", background: tokens.colorNeutralStroke2 },
  link: {
    position: "relative",
    display: "flex",
    alignItems: "center",
    columnGap: "12px",
    height: "36px",
    padding: "0 10px",
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: "none",
    ":hover": { background: tokens.colorSubtleBackgroundHover },
    ":active": { background: tokens.colorSubtleBackgroundPressed },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
    '&[aria-current="page"]': {
      background: tokens.colorSubtleBackgroundSelected,
      fontWeight: tokens.fontWeightSemibold,
    },
    '&[aria-current="page"]::before': {
      content: '""',
      position: "absolute",
      left: 0,
      top: "9px",
      bottom: "9px",
      width: "3px",
      borderRadius: tokens.borderRadiusCircular,
      background: tokens.colorCompoundBrandBackground,
    },
    '&[aria-current="page"] svg': { color: tokens.colorCompoundBrandForeground1 },
  },
  icon: { display: "inline-flex", flexShrink: 0 },
});

interface Entry {
  to:
    "/ws/$ws" | `/ws/$ws/${"experiments" | "runs" | "models" | "endpoints" | "environments" | "compute" | "settings"}`;
  label: string;
  icon: ComponentType<{ filled?: boolean }>;
}

const WORK: Entry[] = [
  { to: "/ws/$ws/experiments", label: "Experiments", icon: ExperimentsIcon },
  { to: "/ws/$ws/runs", label: "Runs", icon: RunsIcon },
  { to: "/ws/$ws/models", label: "Models", icon: ModelsIcon },
  { to: "/ws/$ws/endpoints", label: "Endpoints", icon: EndpointsIcon },
  { to: "/ws/$ws/environments", label: "Environments", icon: EnvironmentsIcon },
];
const MANAGE: Entry[] = [
  { to: "/ws/$ws/compute", label: "Compute", icon: ComputeIcon },
  { to: "/ws/$ws/settings", label: "Settings", icon: SettingsIcon },
];
const HOME: Entry = { to: "/ws/$ws", label: "Home", icon: HomeIcon };

interface NavAnchorProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  icon: ReactNode;
  label: string;
  rail: boolean;
}

const NavAnchor = forwardRef<HTMLAnchorElement, NavAnchorProps>(function NavAnchor(
  { icon, label, rail, ...rest },
  ref,
) {
  const styles = useStyles();
  const anchor = (
    <a {...rest} ref={ref} className={styles.link}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      {rail ? null : label}
    </a>
  );
  return rail ? (
    <Tooltip content={label} relationship="label" positioning="after" withArrow>
      {anchor}
    </Tooltip>
  ) : (
    anchor
  );
});

const NavLink = createLink(NavAnchor);

interface Props {
  /** Only icons. */
  rail?: boolean;
  onNavigate?: () => void;
}

/** The way between the rooms of a workspace. */
export function Navigation({ rail = false, onNavigate }: Props) {
  const styles = useStyles();
  const group = (entries: Entry[]) => (
    <ul className={styles.list}>
      {entries.map((entry) => (
        <li key={entry.to}>
          <NavEntry entry={entry} rail={rail} onNavigate={onNavigate} />
        </li>
      ))}
    </ul>
  );
  return (
    <nav className={styles.nav} aria-label="Workspace">
      {group([HOME])}
      {rail ? <div className={styles.rule} /> : <h2 className={styles.section}>Assets</h2>}
      {group(WORK)}
      {rail ? <div className={styles.rule} /> : <h2 className={styles.section}>Manage</h2>}
      {group(MANAGE)}
    </nav>
  );
}

function NavEntry({ entry, rail, onNavigate }: { entry: Entry; rail: boolean; onNavigate: (() => void) | undefined }) {
  const ws = useWorkspace();
  const Icon = entry.icon;
  return (
    <NavLink
      to={entry.to}
      params={{ ws }}
      activeOptions={{ exact: entry === HOME, includeSearch: false }}
      icon={<Icon />}
      label={entry.label}
      rail={rail}
      onClick={onNavigate}
    />
  );
}
