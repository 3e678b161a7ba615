import { AppLink } from "./AppLink";
import { useWorkspace } from "./WorkspaceContext";

/** The links that breadcrumbs are made of. */

export function HomeCrumb() {
  const ws = useWorkspace();
  return (
    <AppLink to="/ws/$ws" params={{ ws }} cut title={ws}>
      {ws}
    </AppLink>
  );
}

type Room = "experiments" | "runs" | "models" | "endpoints" | "environments" | "compute";

const ROOMS: Record<Room, string> = {
  experiments: "Experiments",
  runs: "Runs",
  models: "Models",
  endpoints: "Endpoints",
  environments: "Environments",
  compute: "Compute",
};

export function RoomCrumb({ room }: { room: Room }) {
  const ws = useWorkspace();
  return (
    <AppLink to={`/ws/$ws/${room}`} params={{ ws }}>
      {ROOMS[room]}
    </AppLink>
  );
}

export function ExperimentCrumb({ name }: { name: string }) {
  const ws = useWorkspace();
  return (
    <AppLink to="/ws/$ws/experiments/$name" params={{ ws, name }} cut title={name}>
      {name}
    </AppLink>
  );
}
