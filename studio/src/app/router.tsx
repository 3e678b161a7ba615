import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";

import { encodePath } from "../api/client";
import { experimentsQuery } from "../api/experiments";
import { StreamProvider } from "../api/live";
import { CrashPage, LoadingPage, NotFoundPage } from "../components/PageStates";
import { Shell } from "../components/Shell";
import { WorkspaceContext } from "../components/WorkspaceContext";
import { mlflowLink } from "./mlflow_link";
import {
  compareSearch,
  endpointSearch,
  environmentSearch,
  experimentsSearch,
  runSearch,
  runsSearch,
  settingsSearch,
  tablePlace,
  tabSearch,
  traceSearch,
} from "./search";

const WORKSPACE_KEY = "zaffre.workspace";

function lastWorkspace(search: unknown): string {
  const wanted = (search as { ws?: unknown }).ws;
  return typeof wanted === "string" && wanted ? wanted : (localStorage.getItem(WORKSPACE_KEY) ?? "default");
}

const root = createRootRouteWithContext<{ client: QueryClient }>()({ notFoundComponent: NotFoundPage });

/** The page in a workspace that a link printed by an MLflow client means. It knows experiments by their numbers. */
async function placeOfLink(client: QueryClient, ws: string, hash: string): Promise<string> {
  const link = mlflowLink(hash);
  const home = `/ws/${encodeURIComponent(link?.workspace ?? ws)}`;
  if (!link) return home;
  if (link.run) return `${home}/runs/${encodeURIComponent(link.run)}`;
  if (link.model) return `${home}/models/${[link.model, link.version ?? []].flat().map(encodeURIComponent).join("/")}`;
  if (link.experimentId !== undefined) {
    const known = await client.query(experimentsQuery(link.workspace ?? ws, "all")).catch(() => []);
    const name = known.find((experiment) => experiment.id === link.experimentId)?.name;
    if (name !== undefined) return `${home}/experiments/${encodeURIComponent(name)}`;
  }
  return `${home}/experiments`;
}

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async ({ context, location, search }) => {
    // Without a workspace an MLflow client speaks to the default one.
    const ws = mlflowLink(location.hash) ? "default" : lastWorkspace(search);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router takes a redirect
    throw redirect({ href: await placeOfLink(context.client, ws, location.hash), replace: true });
  },
});

/** The tracking URI of a workspace, opened in a browser: MLflow's clients print links that begin with it. */
const tracked = createRoute({
  getParentRoute: () => root,
  path: "/workspaces/$ws",
  beforeLoad: async ({ context, location, params }) => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router takes a redirect
    throw redirect({ href: await placeOfLink(context.client, params.ws, location.hash), replace: true });
  },
});

/** Addresses without a workspace lead into the one that `?ws=` names, or the last one seen. */
function short(room: string) {
  return createRoute({
    getParentRoute: () => root,
    path: `/${room}/$`,
    beforeLoad: ({ search, params }) => {
      const { _splat } = params as { _splat?: string };
      const rest = _splat ? `/${encodePath(_splat)}` : "";
      const ws = encodeURIComponent(lastWorkspace(search));
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router takes a redirect
      throw redirect({ href: `/ws/${ws}/${room}${rest}`, replace: true });
    },
  });
}

const workspace = createRoute({
  getParentRoute: () => root,
  path: "/ws/$ws",
  beforeLoad: ({ params }) => localStorage.setItem(WORKSPACE_KEY, params.ws),
  component: function WorkspaceLayout() {
    const { ws } = workspace.useParams();
    return (
      <WorkspaceContext.Provider value={ws}>
        <StreamProvider workspace={ws}>
          <Shell>
            <Outlet />
          </Shell>
        </StreamProvider>
      </WorkspaceContext.Provider>
    );
  },
});

const page = { getParentRoute: () => workspace } as const;

const home = createRoute({ ...page, path: "/", component: lazyRouteComponent(() => import("../routes/home"), "Home") });

const experiments = createRoute({
  ...page,
  path: "experiments",
  validateSearch: experimentsSearch,
  component: lazyRouteComponent(() => import("../routes/experiments"), "Experiments"),
});
const experiment = createRoute({
  ...page,
  path: "experiments/$name",
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import("../routes/experiment"), "ExperimentPage"),
});
const runs = createRoute({
  ...page,
  path: "runs",
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import("../routes/runs"), "Runs"),
});
const run = createRoute({
  ...page,
  path: "runs/$id",
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import("../routes/run"), "RunPage"),
});
const compare = createRoute({
  ...page,
  path: "compare",
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import("../routes/compare"), "Compare"),
});
const loggedModel = createRoute({
  ...page,
  path: "logged-models/$id",
  component: lazyRouteComponent(() => import("../routes/logged_model"), "LoggedModelPage"),
});
const trace = createRoute({
  ...page,
  path: "traces/$id",
  validateSearch: traceSearch,
  component: lazyRouteComponent(() => import("../routes/trace"), "TracePage"),
});
const models = createRoute({
  ...page,
  path: "models",
  validateSearch: tablePlace,
  component: lazyRouteComponent(() => import("../routes/models"), "Models"),
});
const model = createRoute({
  ...page,
  path: "models/$name",
  validateSearch: tabSearch,
  component: lazyRouteComponent(() => import("../routes/model"), "LatestModel"),
});
const modelVersion = createRoute({
  ...page,
  path: "models/$name/$version",
  validateSearch: tabSearch,
  component: lazyRouteComponent(() => import("../routes/model"), "ModelPage"),
});
const endpoints = createRoute({
  ...page,
  path: "endpoints",
  validateSearch: tablePlace,
  component: lazyRouteComponent(() => import("../routes/endpoints"), "Endpoints"),
});
const endpoint = createRoute({
  ...page,
  path: "endpoints/$name",
  validateSearch: endpointSearch,
  component: lazyRouteComponent(() => import("../routes/endpoint"), "EndpointPage"),
});
const environments = createRoute({
  ...page,
  path: "environments",
  validateSearch: tabSearch,
  component: lazyRouteComponent(() => import("../routes/environments"), "Environments"),
});
const environment = createRoute({
  ...page,
  path: "environments/$name",
  validateSearch: environmentSearch,
  component: lazyRouteComponent(() => import("../routes/environment"), "EnvironmentPage"),
});
const compute = createRoute({
  ...page,
  path: "compute",
  validateSearch: tablePlace,
  component: lazyRouteComponent(() => import("../routes/compute"), "Compute"),
});

const settings = createRoute({
  ...page,
  path: "settings",
  validateSearch: settingsSearch,
  component: lazyRouteComponent(() => import("../routes/settings"), "Settings"),
});

const tree = root.addChildren([
  start,
  tracked,
  short("experiments"),
  short("runs"),
  short("models"),
  short("endpoints"),
  short("environments"),
  short("compute"),
  short("settings"),
  workspace.addChildren([
    home,
    experiments,
    experiment,
    runs,
    run,
    compare,
    loggedModel,
    trace,
    models,
    model,
    modelVersion,
    endpoints,
    endpoint,
    environments,
    environment,
    compute,
    settings,
  ]),
]);

export function createStudioRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: "intent",
    defaultPendingComponent: LoadingPage,
    defaultErrorComponent: CrashPage,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createStudioRouter>;
  }
}
