import { Button, mergeClasses } from "@fluentui/react-components";
import { Box32Regular, FolderOpen16Regular } from "@fluentui/react-icons";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";

import { modelFilesQuery, modelFileUrl } from "../../api/models";
import type { ArtifactInfo, ModelVersion } from "../../api/types";
import { bytes, counted } from "../../format/number";
import { FilePreview } from "../files/FilePreview";
import { FileTreeView } from "../files/FileTreeView";
import { useSplitStyles } from "../files/split";
import { useNarrow } from "../media";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";

/** The files of a model version. */
export function ModelFiles({ ws, model }: { ws: string; model: ModelVersion }) {
  return (
    <ModelFileTree
      query={useQuery(modelFilesQuery(ws, model.name, model.version))}
      url={(path) => modelFileUrl(ws, model.name, model.version, path)}
      none="This version has no files in this workspace."
    />
  );
}

interface Props {
  query: UseQueryResult<ArtifactInfo[]>;
  url: (path: string) => string;
  /** Said of a model without files. */
  none: string;
}

/** Files of a model, and the one that was chosen. */
export function ModelFileTree({ query, url, none }: Props) {
  const styles = useSplitStyles();
  const narrow = useNarrow();
  const [picked, setPicked] = useState<string | null>(null);
  if (query.error) {
    return <ErrorState error={query.error} what="The files could not be listed." retry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingPage />;
  const files = query.data.filter((file) => !file.is_dir);
  if (files.length === 0) return <EmptyState icon={<Box32Regular />} title="No files" hint={none} />;
  const chosen = files.find((file) => file.path === picked) ?? (narrow ? undefined : files[0]);
  const total = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
  return (
    <div className={styles.split}>
      {narrow && chosen ? null : (
        <div className={mergeClasses(styles.side, narrow && styles.sideNarrow)}>
          <FileTreeView label="Files of the model" files={files} chosen={chosen?.path} onChoose={setPicked} />
          <div className={styles.foot}>
            {counted(files.length, "file")}, {bytes(total)}
          </div>
        </div>
      )}
      {chosen ? (
        <ChosenFile key={chosen.path} file={chosen} url={url(chosen.path)} onBack={() => setPicked(null)} />
      ) : null}
    </div>
  );
}

function ChosenFile({ file, url, onBack }: { file: ArtifactInfo; url: string; onBack: () => void }) {
  const styles = useSplitStyles();
  const narrow = useNarrow();
  return (
    <div className={styles.main}>
      {narrow ? (
        <div className={styles.back}>
          <Button size="small" appearance="subtle" icon={<FolderOpen16Regular />} onClick={onBack}>
            All files
          </Button>
        </div>
      ) : null}
      <FilePreview path={file.path} size={file.size ?? 0} url={url} inline={`${url}?inline=true`} />
    </div>
  );
}
