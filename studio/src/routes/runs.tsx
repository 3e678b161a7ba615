import { getRouteApi } from "@tanstack/react-router";

import { HomeCrumb } from "../components/crumbs";
import { RunsView } from "../components/runs/RunsView";
import { useRunsState } from "../components/runs/state";

const route = getRouteApi("/ws/$ws/runs");

/** Every run of the workspace. */
export function Runs() {
  const [state, onState] = useRunsState(route.useSearch(), route.useNavigate());
  return <RunsView title="Runs" crumbs={[<HomeCrumb key="home" />]} state={state} onState={onState} />;
}
