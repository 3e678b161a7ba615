import { makeStyles, Text } from "@fluentui/react-components";
import { Image32Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";

import { artifactsQuery, artifactUrl } from "../../api/artifacts";
import { isTerminal } from "../../api/runs";
import type { ArtifactInfo, Run } from "../../api/types";
import { baseName } from "../../format/files";
import { loggedImages, loggedTables } from "../../format/logged_files";
import { Card } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { LoadingPage } from "../PageStates";
import { EmptyState, ErrorState } from "../States";
import { ImageSeriesCard } from "./ImageSeriesCard";
import { LoggedTable } from "./LoggedTable";
import { Picture } from "./Picture";

const useStyles = makeStyles({
  tab: { display: "flex", flexDirection: "column", rowGap: "16px", minWidth: 0 },
  section: { display: "flex", flexDirection: "column", rowGap: "8px", minWidth: 0 },
  title: { margin: 0 },
  images: { display: "grid", gap: "12px", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 320px), 1fr))" },
  tables: { display: "grid", gap: "12px", gridTemplateColumns: "minmax(0, 1fr)" },
});

const SNIPPETS: [{ title: string; code: string }, { title: string; code: string }] = [
  {
    title: "MLflow",
    code: `mlflow.log_image(array, key="samples", step=epoch)   # one image per step
mlflow.log_figure(figure, "confusion.png")
mlflow.log_table({"question": [...], "answer": [...]}, "answers.json")`,
  },
  {
    title: "Azure ML",
    code: `run.log_image("confusion", plot=plt)
run.log_table("scores", {"class": ["cat", "dog"], "f1": [0.91, 0.87]})   # shown with the metrics`,
  },
];

/** The images and tables among the files of a run. */
export function MediaTab({ ws, run }: { ws: string; run: Run }) {
  const query = useQuery(artifactsQuery(ws, run.id));
  if (query.error) {
    return <ErrorState error={query.error} what="The files could not be listed." retry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingPage />;
  return <Media ws={ws} run={run} files={query.data} />;
}

function Media({ ws, run, files }: { ws: string; run: Run; files: ArtifactInfo[] }) {
  const styles = useStyles();
  const { series, single } = useMemo(() => loggedImages(files.map(({ path }) => path)), [files]);
  const sizes = useMemo(() => new Map(files.map(({ path, size }) => [path, size ?? 0])), [files]);
  const tables = useMemo(() => loggedTables(run.tags).filter((path) => sizes.has(path)), [run.tags, sizes]);
  if (series.length + single.length + tables.length === 0) return <NoMedia run={run} />;
  return (
    <div className={styles.tab}>
      <Section title="Images by step" size={series.length}>
        <div className={styles.images}>
          {series.map((one) => (
            <ImageSeriesCard key={one.key} ws={ws} run={run.id} series={one} />
          ))}
        </div>
      </Section>
      <Section title="Tables" size={tables.length}>
        <div className={styles.tables}>
          {tables.map((path) => (
            <LoggedTable key={path} ws={ws} run={run.id} path={path} size={sizes.get(path) ?? 0} />
          ))}
        </div>
      </Section>
      <Section title="Images" size={single.length}>
        <div className={styles.images}>
          {single.map((path) => (
            <Card key={path} title={path}>
              <Picture
                url={artifactUrl(ws, run.id, path, true)}
                download={artifactUrl(ws, run.id, path)}
                name={baseName(path)}
              />
            </Card>
          ))}
        </div>
      </Section>
    </div>
  );
}

function Section({ title, size, children }: { title: string; size: number; children: ReactNode }) {
  const styles = useStyles();
  if (size === 0) return null;
  return (
    <section className={styles.section} aria-label={title}>
      <Text as="h2" size={400} weight="semibold" className={styles.title}>
        {title}
      </Text>
      {children}
    </section>
  );
}

function NoMedia({ run }: { run: Run }) {
  const hint = isTerminal(run.status)
    ? "This run logged neither images nor tables."
    : "Images and tables appear here as soon as the run logs them.";
  return (
    <EmptyState icon={<Image32Regular />} title="No images or tables" hint={hint}>
      <CodeBlock snippets={SNIPPETS} />
    </EmptyState>
  );
}
