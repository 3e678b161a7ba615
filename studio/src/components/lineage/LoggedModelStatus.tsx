import { Badge } from "@fluentui/react-components";

const LOOKS: Record<string, { label: string; color: "success" | "warning" | "danger" }> = {
  LOGGED_MODEL_READY: { label: "Ready", color: "success" },
  LOGGED_MODEL_PENDING: { label: "Being logged", color: "warning" },
  LOGGED_MODEL_UPLOAD_FAILED: { label: "Upload failed", color: "danger" },
};

/** Whether the files of a logged model are there. */
export function LoggedModelStatus({ status }: { status: string }) {
  const look = LOOKS[status] ?? { label: status, color: "warning" as const };
  return (
    <Badge appearance="tint" color={look.color}>
      {look.label}
    </Badge>
  );
}
