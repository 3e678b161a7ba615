import { queryOptions } from "@tanstack/react-query";

import { request, workspacePath } from "./client";
import type { Page } from "./pages";
import { runKeys } from "./runs";
import type { Run } from "./types";

const SHOWN = 3;
const POLL_MS = 2000;
/** The tag of a profile's run: the models that it measured, as ",name:version,name:version,". */
const MODELS = "zaffre.profiled";

/** The newest profiles of a model version; one that is being made is read again and again. */
export const profilesQuery = (ws: string, model: string) =>
  queryOptions({
    queryKey: [...runKeys.lists(ws), "profiles", model] as const,
    queryFn: ({ signal }) =>
      request<Page<Run>>(`${workspacePath(ws)}/runs`, {
        query: { filter: `tags.\`${MODELS}\` LIKE '%,${model.replaceAll("'", "''")},%'`, limit: 20 },
        signal,
      }),
    // In the filter "_" stands for any character.
    select: (page) => page.items.filter((run) => run.tags[MODELS]?.includes(`,${model},`)).slice(0, SHOWN),
    refetchInterval: (query) => (query.state.data?.items.some((run) => run.status === "Running") ? POLL_MS : false),
  });
