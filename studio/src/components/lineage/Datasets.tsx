import {
  Badge,
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Link,
  makeStyles,
  Text,
  tokens,
  useRestoreFocusTarget,
} from "@fluentui/react-components";
import { useState } from "react";

import type { DatasetInput } from "../../api/types";
import { datasetColumns, profileFacts, sourceText } from "../../format/model_schema";
import { Card, Facts } from "../Card";
import { CopyText } from "../CopyButton";
import { ColumnTable } from "./ColumnTable";

const useStyles = makeStyles({
  list: { listStyle: "none", margin: 0, padding: 0, display: "flex", flexDirection: "column", rowGap: "10px" },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: "8px", rowGap: "2px" },
  source: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: "anywhere",
  },
  details: { display: "flex", flexDirection: "column", rowGap: "16px" },
});

/** What the use is for: "training", "eval". */
const CONTEXT = "mlflow.data.context";

/** The data sets that a run read. */
export function Datasets({ datasets }: { datasets: DatasetInput[] }) {
  const styles = useStyles();
  if (datasets.length === 0) return null;
  return (
    <Card title="Data sets">
      <ul className={styles.list}>
        {datasets.map((dataset) => (
          <li key={`${dataset.name}/${dataset.digest}`}>
            <OneDataset dataset={dataset} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function OneDataset({ dataset }: { dataset: DatasetInput }) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const returning = useRestoreFocusTarget();
  const context = dataset.tags[CONTEXT];
  const profile = profileFacts(dataset.profile);
  const size = profile.map(([name, value]) => `${value} ${name}`).join(" · ");
  return (
    <>
      <div className={styles.head}>
        <Link {...returning} as="button" onClick={() => setOpen(true)}>
          {dataset.name}
        </Link>
        {context ? (
          <Badge appearance="tint" color="brand">
            {context}
          </Badge>
        ) : null}
      </div>
      <Text block className={styles.source}>
        {[sourceText(dataset.source_type, dataset.source), size].filter(Boolean).join(" · ")}
      </Text>
      <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>{dataset.name}</DialogTitle>
            <DialogContent className={styles.details}>
              <DatasetFacts dataset={dataset} />
            </DialogContent>
            <DialogActions>
              <Button appearance="primary" onClick={() => setOpen(false)}>
                Close
              </Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </>
  );
}

function DatasetFacts({ dataset }: { dataset: DatasetInput }) {
  const columns = datasetColumns(dataset.schema);
  const tags = Object.entries(dataset.tags).filter(([name]) => name !== CONTEXT);
  return (
    <>
      <Facts
        facts={[
          ["Used for", dataset.tags[CONTEXT] ?? "–"],
          ["Digest", <CopyText key="digest" text={dataset.digest} what="the digest" />],
          ["Source", sourceText(dataset.source_type, dataset.source) || "–"],
          ["Kind of source", dataset.source_type || "–"],
          ...profileFacts(dataset.profile).map(([name, value]) => [capital(name), value] as [string, string]),
          ...tags,
        ]}
      />
      {columns.length > 0 ? <ColumnTable label={`Columns of ${dataset.name}`} columns={columns} /> : null}
    </>
  );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
