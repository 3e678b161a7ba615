import { Dropdown, makeStyles, Option } from "@fluentui/react-components";
import { ArrowSync20Regular, Beaker32Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { experimentsQuery, type ExperimentView } from "../api/experiments";
import type { Experiment } from "../api/types";
import { HomeCrumb } from "../components/crumbs";
import { GettingStarted } from "../components/GettingStarted";
import { Page } from "../components/Page";
import { RelativeTime } from "../components/RelativeTime";
import { ExperimentLink } from "../components/runs/columns";
import { SearchBox } from "../components/SearchBox";
import { EmptyState, ErrorState } from "../components/States";
import type { Column } from "../components/table/column";
import { DataTable } from "../components/table/DataTable";
import { tagText } from "../components/TagEditor";

const route = getRouteApi("/ws/$ws/experiments");

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: "8px", flexShrink: 0 },
  search: { flex: "1 1 240px", maxWidth: "480px" },
  view: { minWidth: "150px", width: "150px" },
});

const COLUMNS: Column<Experiment>[] = [
  {
    id: "name",
    header: "Name",
    cell: (experiment) => <ExperimentLink name={experiment.name} />,
    value: (experiment) => experiment.name,
    width: 320,
    card: "title",
  },
  {
    id: "updated",
    header: "Last changed",
    cell: (experiment) => <RelativeTime at={experiment.updated_at} />,
    value: (experiment) => experiment.updated_at,
    width: 170,
  },
  {
    id: "created",
    header: "Created",
    cell: (experiment) => <RelativeTime at={experiment.created_at} />,
    value: (experiment) => experiment.created_at,
    width: 170,
  },
  {
    id: "tags",
    header: "Tags",
    cell: (experiment) =>
      Object.entries(experiment.tags)
        .filter(([key]) => !key.startsWith("mlflow."))
        .map(([key, value]) => tagText(key, value))
        .join(", ") || "–",
    width: 240,
  },
];

const VIEWS: Record<ExperimentView, string> = { active: "Active", archived: "Archived", all: "All" };

export function Experiments() {
  const styles = useStyles();
  const { ws } = route.useParams();
  const [text, setText] = useState("");
  const [view, setView] = useState<ExperimentView>("active");
  const query = useQuery(experimentsQuery(ws, view));
  const rows = useMemo(
    () => query.data?.filter((experiment) => experiment.name.toLowerCase().includes(text.trim().toLowerCase())),
    [query.data, text],
  );
  const none = query.data?.length === 0 && view === "active";
  return (
    <Page
      title="Experiments"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <div className={styles.filters}>
        <SearchBox
          className={styles.search}
          label="Search experiments"
          placeholder="Search names"
          value={text}
          onSearch={setText}
        />
        <Dropdown
          className={styles.view}
          aria-label="Which experiments"
          value={VIEWS[view]}
          selectedOptions={[view]}
          onOptionSelect={(_, data) => setView((data.optionValue ?? "active") as ExperimentView)}
        >
          {Object.entries(VIEWS).map(([value, label]) => (
            <Option key={value} value={value}>
              {label}
            </Option>
          ))}
        </Dropdown>
      </div>
      {query.error ? (
        <ErrorState
          error={query.error}
          what="The experiments could not be listed."
          retry={() => void query.refetch()}
        />
      ) : (
        <DataTable
          label="Experiments"
          rows={rows}
          columns={COLUMNS}
          rowId={(experiment) => String(experiment.id)}
          storageKey="experiments"
          initialSort={{ id: "updated", desc: true }}
          empty={
            <EmptyState
              icon={<Beaker32Regular />}
              title={none ? "No experiments yet" : "No experiment matches"}
              hint={none ? "An experiment is made by its first run." : "Change or clear the search."}
            >
              {none ? <GettingStarted /> : null}
            </EmptyState>
          }
        />
      )}
    </Page>
  );
}
