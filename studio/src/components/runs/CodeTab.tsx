import { Button, mergeClasses } from "@fluentui/react-components";
import { ArrowDownload16Regular, CodeBlock48Regular, FolderOpen16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { runSpecQuery } from "../../api/runs";
import { snapshotFileUrl, snapshotQuery, snapshotZipUrl } from "../../api/snapshots";
import type { Run } from "../../api/types";
import { bytes, counted } from "../../format/number";
import { CodeBlock } from "../CodeBlock";
import { FilePreview } from "../files/FilePreview";
import { FileTreeView } from "../files/FileTreeView";
import { useSplitStyles } from "../files/split";
import { useNarrow } from "../media";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";

const SNIPPET = `run = experiment.submit(ScriptRunConfig(source_directory="src", script="train.py"))`;

/** The source folder as it was when the run was submitted. */
export function CodeTab({ ws, run }: { ws: string; run: Run }) {
  if (run.snapshot_id == null) {
    return (
      <EmptyState
        icon={<CodeBlock48Regular />}
        title="No code snapshot"
        hint="The source folder is kept with runs that are submitted, or that start with a snapshot directory."
      >
        <CodeBlock snippets={[{ title: "Python", code: SNIPPET }]} />
      </EmptyState>
    );
  }
  return <SnapshotFiles ws={ws} run={run} id={run.snapshot_id} />;
}

function SnapshotFiles({ ws, run, id }: { ws: string; run: Run; id: string }) {
  const styles = useSplitStyles();
  const narrow = useNarrow();
  const query = useQuery(snapshotQuery(ws, id));
  const script = useQuery({ ...runSpecQuery(ws, run.id), enabled: run.target != null }).data?.script;
  const [picked, setPicked] = useState<string | null | undefined>(undefined);
  if (query.error) {
    return <ErrorState error={query.error} what="The snapshot could not be read." retry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingPage />;
  const { files } = query.data;
  const likely = files.find((file) => file.path === script) ?? files.find((file) => /^[^/]+\.py$/.test(file.path));
  const first = narrow ? undefined : (likely ?? files[0]);
  const chosen = picked === undefined ? first : files.find((file) => file.path === picked);
  const side = (
    <div className={mergeClasses(styles.side, narrow && styles.sideNarrow)}>
      <FileTreeView label="Code" files={files} chosen={chosen?.path} onChoose={setPicked} />
      <div className={styles.foot}>
        <span>
          {counted(files.length, "file")}, {bytes(query.data.size)}
        </span>
        <Button
          size="small"
          appearance="subtle"
          as="a"
          href={snapshotZipUrl(ws, id)}
          download=""
          icon={<ArrowDownload16Regular />}
        >
          Zip
        </Button>
      </div>
    </div>
  );
  const url = chosen ? snapshotFileUrl(ws, id, chosen.path) : "";
  const main = chosen ? (
    <div className={styles.main}>
      {narrow ? (
        <div className={styles.back}>
          <Button size="small" appearance="subtle" icon={<FolderOpen16Regular />} onClick={() => setPicked(null)}>
            All files
          </Button>
        </div>
      ) : null}
      <FilePreview key={chosen.path} path={chosen.path} size={chosen.size} url={url} inline={`${url}?inline=true`} />
    </div>
  ) : null;
  return (
    <div className={styles.split}>
      {narrow && chosen ? null : side}
      {main}
    </div>
  );
}
