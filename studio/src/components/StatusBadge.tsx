import { makeStyles, mergeClasses, Spinner, tokens } from "@fluentui/react-components";
import {
  ArrowSyncCircle16Filled,
  Box16Regular,
  CheckmarkCircle16Filled,
  CheckmarkCircle16Regular,
  Clock16Regular,
  DismissCircle16Filled,
  PauseCircle16Filled,
  PlugDisconnected16Regular,
  Prohibited16Filled,
  QuestionCircle16Regular,
  Warning16Filled,
} from "@fluentui/react-icons";
import type { ReactNode } from "react";

import type { RunStatus, ServiceState } from "../api/types";

const useStyles = makeStyles({
  badge: {
    display: "inline-flex",
    alignItems: "center",
    columnGap: "6px",
    verticalAlign: "middle",
    lineHeight: "20px",
    whiteSpace: "nowrap",
    color: tokens.colorNeutralForeground1,
  },
  icon: { display: "inline-flex", flexShrink: 0, width: "16px", height: "16px" },
  success: { color: tokens.colorStatusSuccessForeground1 },
  danger: { color: tokens.colorStatusDangerForeground1 },
  warning: { color: tokens.colorStatusWarningForeground1 },
  neutral: { color: tokens.colorNeutralForeground3 },
  brand: { color: tokens.colorBrandForeground1 },
});

type Tone = "success" | "danger" | "warning" | "neutral" | "brand";
interface Look {
  label: string;
  tone: Tone;
  icon: ReactNode;
}

const spinner = <Spinner size="extra-tiny" aria-hidden />;
const waiting = <Clock16Regular />;
const fine = <CheckmarkCircle16Filled />;
const failed = <DismissCircle16Filled />;

const PAST = { tone: "neutral", icon: <CheckmarkCircle16Regular /> } as const;

const RUN: Record<RunStatus, Look> = {
  NotStarted: { label: "Not started", tone: "neutral", icon: waiting },
  Queued: { label: "Queued", tone: "neutral", icon: waiting },
  Starting: { label: "Starting", tone: "brand", icon: spinner },
  Provisioning: { label: "Provisioning", tone: "brand", icon: spinner },
  Preparing: { label: "Preparing", tone: "brand", icon: <Box16Regular /> },
  Running: { label: "Running", tone: "brand", icon: spinner },
  CancelRequested: { label: "Canceling", tone: "warning", icon: <Prohibited16Filled /> },
  Finalizing: { label: "Finalizing", tone: "brand", icon: spinner },
  Completed: { label: "Completed", tone: "success", icon: fine },
  Failed: { label: "Failed", tone: "danger", icon: failed },
  Canceled: { label: "Canceled", tone: "neutral", icon: <Prohibited16Filled /> },
  NotResponding: { label: "Not responding", tone: "warning", icon: <PlugDisconnected16Regular /> },
  Unapproved: { label: "Unapproved", tone: "warning", icon: <Warning16Filled /> },
  Pausing: { label: "Pausing", tone: "neutral", icon: <PauseCircle16Filled /> },
  Paused: { label: "Paused", tone: "neutral", icon: <PauseCircle16Filled /> },
};

const SERVICE: Record<ServiceState, Look> = {
  deploying: { label: "Deploying", tone: "brand", icon: spinner },
  running: { label: "Running", tone: "success", icon: fine },
  failed: { label: "Failed", tone: "danger", icon: failed },
  deleted: { label: "Deleting", tone: "neutral", icon: <Prohibited16Filled /> },
  unknown: { label: "Unknown", tone: "warning", icon: <QuestionCircle16Regular /> },
  Transitioning: { label: "Transitioning", tone: "brand", icon: <ArrowSyncCircle16Filled /> },
  Healthy: { label: "Healthy", tone: "success", icon: fine },
  Unhealthy: { label: "Unhealthy", tone: "danger", icon: failed },
  Unschedulable: { label: "Unschedulable", tone: "warning", icon: <Warning16Filled /> },
};

const TRACE: Record<string, Look> = {
  OK: { label: "OK", tone: "success", icon: fine },
  ERROR: { label: "Error", tone: "danger", icon: failed },
  IN_PROGRESS: { label: "In progress", tone: "brand", icon: spinner },
};
const NO_STATUS: Look = { label: "No status", tone: "neutral", icon: <QuestionCircle16Regular /> };

function Badge({ look, state }: { look: Look; state: string }) {
  const styles = useStyles();
  return (
    <span className={styles.badge} data-state={state}>
      <span className={mergeClasses(styles.icon, styles[look.tone])} aria-hidden>
        {look.icon}
      </span>
      {look.label}
    </span>
  );
}

/** `past`: a state that was left, which is neither going on nor an end. */
export function RunStatusBadge({ status, past = false }: { status: RunStatus; past?: boolean }) {
  const look = RUN[status];
  return <Badge look={past ? { ...look, ...PAST } : look} state={status} />;
}

export function ServiceStateBadge({ state }: { state: ServiceState }) {
  return <Badge look={SERVICE[state]} state={state} />;
}

/** Of a trace, and of a span, whose status may be unset. */
export function TraceStatusBadge({ status }: { status: string }) {
  return <Badge look={TRACE[status] ?? NO_STATUS} state={status} />;
}

export const RUN_STATUSES: { status: RunStatus; label: string }[] = Object.entries(RUN).map(([status, look]) => ({
  status: status as RunStatus,
  label: look.label,
}));
