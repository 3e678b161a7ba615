import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { ArrowDownload16Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import { artifactKeys, artifactUrl } from "../../api/artifacts";
import { request } from "../../api/client";
import { cellImage, splitRows } from "../../format/logged_files";
import { bytes } from "../../format/number";
import { Card } from "../Card";
import { ErrorState } from "../States";
import { ObjectTable } from "../table/ObjectTable";
import { TableSkeleton } from "../table/TableSkeleton";

const useStyles = makeStyles({
  image: { height: "36px", maxWidth: "100%", objectFit: "contain", verticalAlign: "middle" },
  hint: { color: tokens.colorNeutralForeground3 },
});

/** What a browser shows at once without becoming slow. */
const MOST_BYTES = 8 * 1024 * 1024;

interface Props {
  ws: string;
  run: string;
  path: string;
  size: number;
}

/** A table that `mlflow.log_table` wrote among the run's files. */
export function LoggedTable({ ws, run, path, size }: Props) {
  const styles = useStyles();
  const large = size > MOST_BYTES;
  const query = useQuery({
    queryKey: [...artifactKeys.list(ws, run), "table", path, size],
    queryFn: ({ signal }) => request<unknown>(artifactUrl(ws, run, path), { signal }),
    enabled: !large,
  });
  const rows = useMemo(() => splitRows(query.data), [query.data]);
  const cell = useCallback(
    (value: unknown) => {
      const image = cellImage(value);
      return image ? <img className={styles.image} src={artifactUrl(ws, run, image, true)} alt={image} /> : null;
    },
    [ws, run, styles.image],
  );
  const download = (
    <Button
      as="a"
      size="small"
      appearance="subtle"
      href={artifactUrl(ws, run, path)}
      download=""
      icon={<ArrowDownload16Regular />}
    >
      Download
    </Button>
  );
  return (
    <Card title={path} actions={download}>
      {query.error ? (
        <ErrorState error={query.error} what={`${path} could not be read.`} retry={() => void query.refetch()} />
      ) : null}
      {large ? <Text className={styles.hint}>With {bytes(size)} it is too large to show; download it.</Text> : null}
      {query.isLoading ? <TableSkeleton cards /> : null}
      {query.data !== undefined && !rows ? (
        <Text className={styles.hint}>This file does not hold a table of columns and data.</Text>
      ) : null}
      {rows ? <ObjectTable label={path} rows={rows} storageKey={path} cell={cell} /> : null}
    </Card>
  );
}
