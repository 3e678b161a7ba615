import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { ArrowDownload16Regular, Document32Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { readText } from "../../api/artifacts";
import { baseName, extension, fileKind } from "../../format/files";
import { bytes } from "../../format/number";
import { CopyButton } from "../CopyButton";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { CsvTable } from "./CsvTable";
import { SourceText } from "./SourceText";

const MIB = 1024 * 1024;
/** Of longer files the beginning is shown. */
const TEXT_LIMIT = MIB;

const useStyles = makeStyles({
  frame: { display: "flex", flexDirection: "column", flex: "1 1 auto", minHeight: "240px", minWidth: 0 },
  bar: {
    display: "flex",
    alignItems: "center",
    columnGap: "8px",
    padding: "4px 8px 4px 12px",
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    minHeight: "40px",
  },
  name: { flex: "1 1 auto", minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
  size: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, whiteSpace: "nowrap" },
  body: { flex: "1 1 auto", minHeight: 0, overflow: "auto", position: "relative" },
  image: {
    display: "block",
    maxWidth: "100%",
    maxHeight: "100%",
    margin: "auto",
    padding: "12px",
    objectFit: "contain",
  },
  note: { padding: "8px 12px", color: tokens.colorNeutralForeground3 },
});

interface Props {
  path: string;
  size: number;
  /** Where the file is downloaded from; `inline` is the same for an `<img>`. */
  url: string;
  inline: string;
}

/** A file as far as a browser can show it; every file can be downloaded. */
export function FilePreview({ path, size, url, inline }: Props) {
  const styles = useStyles();
  const kind = fileKind(path);
  return (
    <div className={styles.frame}>
      <div className={styles.bar}>
        <Text weight="semibold" className={styles.name} title={path}>
          {path}
        </Text>
        <span className={styles.size}>{bytes(size)}</span>
        <CopyButton text={path} what="the path" />
        <Button size="small" appearance="subtle" as="a" href={url} download="" icon={<ArrowDownload16Regular />}>
          Download
        </Button>
      </div>
      <div className={styles.body}>
        {kind === "image" ? <img className={styles.image} src={inline} alt={baseName(path)} /> : null}
        {kind === "binary" ? (
          <EmptyState
            icon={<Document32Regular />}
            title="No preview"
            hint="This kind of file can only be downloaded."
          />
        ) : null}
        {kind === "text" || kind === "json" || kind === "csv" ? (
          <TextPreview path={path} size={size} url={url} />
        ) : null}
      </div>
    </div>
  );
}

function TextPreview({ path, size, url }: { path: string; size: number; url: string }) {
  const styles = useStyles();
  const query = useQuery({
    queryKey: ["file", url, size],
    queryFn: ({ signal }) => readText(url, size, TEXT_LIMIT, { signal }),
  });
  if (query.error) {
    return <ErrorState error={query.error} what={`${path} could not be read.`} retry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingPage />;
  const { text } = query.data;
  const cut = size > TEXT_LIMIT;
  return (
    <>
      {cut ? (
        <div className={styles.note}>
          The first {bytes(TEXT_LIMIT)} of {bytes(size)}; download it to see all.
        </div>
      ) : null}
      {fileKind(path) === "csv" ? (
        <CsvTable text={text} separator={extension(path) === "tsv" ? "\t" : ","} />
      ) : (
        <SourceText path={path} text={fileKind(path) === "json" && !cut ? prettyJson(text) : text} />
      )}
    </>
  );
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
