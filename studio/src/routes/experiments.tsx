import { Dropdown, makeStyles, Option } from "@fluentui/react-components";
import { ArrowSync20Regular, Beaker32Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { experimentsQuery, type ExperimentView } from "../api/experiments";
import type { Experiment } from "../api/types";
import { HomeCrumb } from "../components/crumbs";
import { GettingStarted } from "../components/GettingStarted";
import { Page } from "../components/Page";
import { ExperimentLink } from "../components/runs/columns";
import type { Column } from "../components/table/column";
import { tagsColumn, timeColumn } from "../components/table/cells";
import { QueryTable } from "../components/table/QueryTable";
import { changed } from "../format/address";

const route = getRouteApi("/ws/$ws/experiments");

const useStyles = makeStyles({
  view: { minWidth: "150px", width: "150px" },
});

const nameOf = (experiment: Experiment) => experiment.name;

const COLUMNS: Column<Experiment>[] = [
  {
    id: "name",
    header: "Name",
    cell: (experiment) => <ExperimentLink name={experiment.name} />,
    value: (experiment) => experiment.name,
    width: 320,
    card: "title",
  },
  timeColumn("updated", "Last changed", (experiment) => experiment.updated_at),
  timeColumn("created", "Created", (experiment) => experiment.created_at),
  tagsColumn(240),
];

const VIEWS: Record<ExperimentView, string> = { active: "Active", archived: "Archived", all: "All" };

export function Experiments() {
  const { ws } = route.useParams();
  const navigate = route.useNavigate();
  const wanted = route.useSearch().view;
  const view: ExperimentView = wanted === "archived" || wanted === "all" ? wanted : "active";
  const setView = (next: ExperimentView) =>
    void navigate({
      search: (before) => changed(before, { view: next === "active" ? undefined : next }),
      replace: true,
    });
  const query = useQuery(experimentsQuery(ws, view));
  return (
    <Page
      title="Experiments"
      crumbs={[<HomeCrumb key="home" />]}
      commands={[
        { id: "refresh", label: "Refresh", icon: <ArrowSync20Regular />, onClick: () => void query.refetch() },
      ]}
    >
      <QueryTable
        label="Experiments"
        query={query}
        searched={nameOf}
        filters={<ViewFilter view={view} onView={setView} />}
        columns={COLUMNS}
        rowId={(experiment) => String(experiment.id)}
        storageKey="experiments"
        initialSort={{ id: "updated", desc: true }}
        none={{
          icon: <Beaker32Regular />,
          title: view === "archived" ? "No archived experiments" : "No experiments yet",
          hint:
            view === "archived" ? "An archived experiment is kept here." : "An experiment is made by its first run.",
          start: view === "archived" ? null : <GettingStarted />,
        }}
      />
    </Page>
  );
}

function ViewFilter({ view, onView }: { view: ExperimentView; onView: (view: ExperimentView) => void }) {
  const styles = useStyles();
  return (
    <Dropdown
      className={styles.view}
      aria-label="Which experiments"
      value={VIEWS[view]}
      selectedOptions={[view]}
      onOptionSelect={(_, data) => onView((data.optionValue ?? "active") as ExperimentView)}
    >
      {Object.entries(VIEWS).map(([value, label]) => (
        <Option key={value} value={value}>
          {label}
        </Option>
      ))}
    </Dropdown>
  );
}
