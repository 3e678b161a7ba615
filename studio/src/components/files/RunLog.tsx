import { useQueryClient } from "@tanstack/react-query";

import { artifactUrl } from "../../api/artifacts";
import { logKeys, useRunLog, withEarlier } from "../../api/logs";
import { useNotify } from "../notify";
import { LoadingPage } from "../PageStates";
import { ErrorState } from "../States";
import { LogView } from "./LogView";

interface Props {
  ws: string;
  run: string;
  path: string;
  size: number;
  live: boolean;
  wrapped?: boolean;
}

/** The end of a run's log, growing while the run goes on. */
export function RunLog({ ws, run, path, size, live, wrapped = false }: Props) {
  const client = useQueryClient();
  const notify = useNotify();
  const { data, error, refetch } = useRunLog(ws, run, path, size);
  if (error) return <ErrorState error={error} what={`${path} could not be read.`} retry={() => void refetch()} />;
  if (!data) return <LoadingPage />;
  const earlier = () => {
    withEarlier(ws, run, path, data).then(
      (log) => client.setQueryData(logKeys.run(ws, run, path), log),
      (thrown: unknown) => notify.failed("What came earlier could not be read", thrown),
    );
  };
  return (
    <LogView
      name={path}
      text={data.window.text}
      live={live}
      wrapped={wrapped}
      onEarlier={data.window.offset > 0 ? earlier : undefined}
      download={artifactUrl(ws, run, path)}
    />
  );
}
