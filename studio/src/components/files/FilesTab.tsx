import { Badge, Button, mergeClasses } from "@fluentui/react-components";
import { DocumentText32Regular, FolderOpen16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { artifactsQuery, artifactUrl } from "../../api/artifacts";
import { useStreamState } from "../../api/live";
import { isTerminal } from "../../api/runs";
import type { ArtifactInfo, Run } from "../../api/types";
import { isLog, mainLog } from "../../format/files";
import { bytes, counted } from "../../format/number";
import { CodeBlock } from "../CodeBlock";
import { useNarrow } from "../media";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { FilePreview } from "./FilePreview";
import { FileTreeView } from "./FileTreeView";
import { RunLog } from "./RunLog";
import { useSplitStyles } from "./split";

interface Props {
  ws: string;
  run: Run;
  path: string | undefined;
  onPath: (path: string | undefined) => void;
}

const SNIPPET = `# everything below ./outputs is uploaded while the run goes on
with open("outputs/notes.txt", "w") as file:
    file.write("hello")

run.upload_file("outputs/model.pkl", "model.pkl")`;

/** The files of a run: logs that grow before one's eyes, outputs to look at and to download. */
export function FilesTab({ ws, run, path, onPath }: Props) {
  const query = useQuery(artifactsQuery(ws, run.id));
  const files = query.data?.filter((file) => !file.is_dir);
  const live = !isTerminal(run.status);
  if (query.error) {
    return <ErrorState error={query.error} what="The files could not be listed." retry={() => void query.refetch()} />;
  }
  if (!files) return <LoadingPage />;
  if (files.length === 0) {
    return (
      <EmptyState
        icon={<DocumentText32Regular />}
        title="No files"
        hint={live ? "Logs and outputs appear here as soon as the run writes them." : "This run left no files."}
      >
        <CodeBlock snippets={[{ title: "In the script", code: SNIPPET }]} />
      </EmptyState>
    );
  }
  return <Files ws={ws} run={run} files={files} path={path} onPath={onPath} live={live} />;
}

function Files({ ws, run, files, path, onPath, live }: Props & { files: ArtifactInfo[]; live: boolean }) {
  const styles = useSplitStyles();
  const narrow = useNarrow();
  const [first] = useState(() => mainLog(files.map((file) => file.path)));
  const chosen = files.find((file) => file.path === (path ?? (narrow ? undefined : first)));
  const total = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
  const side = (
    <div className={mergeClasses(styles.side, narrow && styles.sideNarrow)}>
      <FileTreeView label="Outputs and logs" files={files} chosen={chosen?.path} onChoose={onPath} />
      <div className={styles.foot}>
        <span>
          {counted(files.length, "file")}, {bytes(total)}
        </span>
        <UploadState live={live} />
      </div>
    </div>
  );
  const main = (
    <div className={styles.main}>
      {narrow ? (
        <div className={styles.back}>
          <Button size="small" appearance="subtle" icon={<FolderOpen16Regular />} onClick={() => onPath(undefined)}>
            All files
          </Button>
        </div>
      ) : null}
      {chosen ? (
        <OneFile key={chosen.path} ws={ws} run={run} file={chosen} live={live} />
      ) : (
        <EmptyState
          icon={<DocumentText32Regular />}
          title="No file chosen"
          hint="Choose one on the left to look at it."
        />
      )}
    </div>
  );
  if (narrow) return <div className={styles.split}>{chosen ? main : side}</div>;
  return (
    <div className={styles.split}>
      {side}
      {main}
    </div>
  );
}

function OneFile({ ws, run, file, live }: { ws: string; run: Run; file: ArtifactInfo; live: boolean }) {
  const size = file.size ?? 0;
  if (isLog(file.path)) return <RunLog ws={ws} run={run.id} path={file.path} size={size} live={live} />;
  return (
    <FilePreview
      path={file.path}
      size={size}
      url={artifactUrl(ws, run.id, file.path)}
      inline={artifactUrl(ws, run.id, file.path, true)}
    />
  );
}

/** Whether more files may still come. */
function UploadState({ live }: { live: boolean }) {
  const stream = useStreamState();
  if (!live)
    return (
      <Badge appearance="tint" color="success" size="small">
        All uploaded
      </Badge>
    );
  return stream === "waiting" ? (
    <Badge appearance="tint" color="warning" size="small">
      Reconnecting
    </Badge>
  ) : (
    <Badge appearance="tint" color="brand" size="small">
      Uploading while it runs
    </Badge>
  );
}
