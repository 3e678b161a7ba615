import { makeStyles } from "@fluentui/react-components";
import { History24Regular } from "@fluentui/react-icons";
import { useMemo } from "react";

import type { EnvironmentVersion } from "../../api/types";
import { packagesOf } from "../../format/environment";
import { AppLink } from "../AppLink";
import { timeColumn } from "../table/cells";
import type { Column } from "../table/column";
import { Cut } from "../table/Cut";
import { QueryTable } from "../table/QueryTable";
import { Comparison } from "./Comparison";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", minHeight: 0, maxHeight: "360px", flexShrink: 0 },
});

const versionOf = (one: EnvironmentVersion) => one.version;
const nothing = () => undefined;

function columns(ws: string): Column<EnvironmentVersion>[] {
  return [
    {
      id: "version",
      header: "Version",
      cell: (one) => (
        <AppLink
          to="/ws/$ws/environments/$name"
          params={{ ws, name: one.name }}
          search={{ version: one.version, tab: "definition" }}
        >
          {`Version ${one.version}`}
        </AppLink>
      ),
      value: versionOf,
      width: 130,
      card: "title",
    },
    {
      id: "labels",
      header: "Labels",
      cell: (one) => one.labels.join(", ") || "–",
      value: (one) => one.labels.join(", "),
      width: 180,
    },
    {
      id: "packages",
      header: "Packages",
      cell: (one) => <Cut text={packagesOf(one.definition).join(", ") || "–"} />,
      value: (one) => packagesOf(one.definition).length,
      width: 320,
    },
    timeColumn("created", "Registered", (one) => one.created_at || null),
    {
      id: "content",
      header: "Content",
      cell: (one) => <code title={one.content_hash}>{one.content_hash.slice(0, 12)}</code>,
      value: (one) => one.content_hash,
      width: 140,
    },
  ];
}

interface Props {
  ws: string;
  /** The newest first. */
  versions: EnvironmentVersion[];
  shown: EnvironmentVersion;
  against: string | undefined;
  onCompare: (before: string, after: string) => void;
}

/** Every version of an environment, and what changed between two of them: by default since the one before. */
export function VersionTab({ ws, versions, shown, against, onCompare }: Props) {
  const styles = useStyles();
  const shownColumns = useMemo(() => columns(ws), [ws]);
  const at = versions.findIndex((one) => one.version === shown.version);
  const before = versions.find((one) => one.version === against) ?? versions[at + 1] ?? versions[versions.length - 1];
  return (
    <>
      <div className={styles.list}>
        <QueryTable
          label="Versions"
          query={{ data: versions, error: null, refetch: nothing }}
          columns={shownColumns}
          rowId={versionOf}
          storageKey="environment-versions"
          initialSort={{ id: "version", desc: true }}
          none={{ icon: <History24Regular />, title: "No versions", hint: "Register the environment again." }}
        />
      </div>
      {before && versions.length > 1 ? (
        <Comparison ws={ws} versions={versions} before={before} after={shown} onChoose={onCompare} />
      ) : null}
    </>
  );
}
