import { Dropdown, makeStyles, Option, Switch, tokens } from "@fluentui/react-components";
import { PlayCircle48Regular } from "@fluentui/react-icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import { ApiError } from "../../api/client";
import { useRunListStream } from "../../api/live";
import { runsQuery, type RunSearch } from "../../api/runs";
import type { Run, RunStatus } from "../../api/types";
import { orderBy, searchFilter } from "../../format/filter";
import { counted } from "../../format/number";
import { GettingStarted } from "../GettingStarted";
import { SearchBox } from "../SearchBox";
import { EmptyState, ErrorState } from "../States";
import { RUN_STATUSES } from "../StatusBadge";
import { DataTable } from "../table/DataTable";
import { useWorkspace } from "../WorkspaceContext";
import { runColumns } from "./columns";
import type { RunListState } from "./state";
import { RunTreeContext, type RunTree } from "./tree";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: "8px", alignItems: "flex-start", flexShrink: 0 },
  search: { flex: "1 1 320px", maxWidth: "640px" },
  tag: { flex: "0 1 180px", minWidth: "140px", "@media (max-width: 767px)": { flex: "1 1 140px" } },
  status: { minWidth: "170px", width: "170px", "@media (max-width: 767px)": { flex: "1 1 140px", width: "auto" } },
  count: {
    marginLeft: "auto",
    alignSelf: "center",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "nowrap",
  },
});

export interface RunsFound {
  search: RunSearch;
  runs: Run[] | undefined;
  error: Error | null;
  fetching: boolean;
  hasMore: boolean;
  onEnd: () => void;
  refetch: () => void;
}

/** The runs that the address asks for, kept up to date. */
export function useRuns(state: RunListState, experiment: string | undefined): RunsFound {
  const ws = useWorkspace();
  useRunListStream(ws);
  const search = useMemo(() => searchOf(state, experiment), [state, experiment]);
  const query = useInfiniteQuery({ ...runsQuery(ws, search), placeholderData: (before) => before });
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return {
    search,
    runs,
    error: query.error,
    fetching: query.isFetching,
    hasMore: hasNextPage,
    onEnd,
    refetch: () => void refetch(),
  };
}

function searchOf(state: RunListState, experiment: string | undefined): RunSearch {
  const sort = state.sort ? { id: state.sort, desc: state.desc ?? true } : undefined;
  return {
    experiment,
    status: state.status as RunStatus | undefined,
    tag: state.tag,
    include_children: state.children,
    filter: searchFilter(state.q ?? ""),
    order: orderBy(sort),
  };
}

interface Props {
  found: RunsFound;
  tree: RunTree;
  state: RunListState;
  onState: (state: RunListState) => void;
  chosen: readonly string[];
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
}

/** Runs, searched and sorted by the server, read page by page while one scrolls. */
export function RunList({ found, tree, state, onState, chosen, selected, onSelect }: Props) {
  const { search, runs, error, hasMore } = found;
  const columns = useMemo(() => runColumns(chosen), [chosen]);
  const refused = error instanceof ApiError && error.status === 400;
  const filtered = Boolean(search.filter ?? search.status ?? search.tag);
  return (
    <>
      <RunFilters found={found} state={state} onState={onState} error={refused ? error.message : undefined} />
      {error && !refused ? (
        <ErrorState error={error} what="The runs could not be listed." retry={found.refetch} />
      ) : null}
      {error && !runs ? null : (
        <RunTreeContext.Provider value={tree}>
          <DataTable
            label="Runs"
            rows={tree.rows}
            columns={columns}
            rowId={(run) => run.id}
            storageKey="runs"
            sort={state.sort ? { id: state.sort, desc: state.desc ?? true } : { id: "start_time", desc: true }}
            onSort={(sort) => onState({ ...state, ...(sort ? { sort: sort.id, desc: sort.desc } : {}) })}
            selected={selected}
            onSelect={onSelect}
            onEnd={hasMore ? found.onEnd : noMore}
            empty={<NoRuns filtered={filtered} />}
          />
        </RunTreeContext.Provider>
      )}
    </>
  );
}

function noMore(): void {
  // Every run is there.
}

interface FilterProps {
  found: RunsFound;
  state: RunListState;
  onState: (state: RunListState) => void;
  error: string | undefined;
}

function RunFilters({ found, state, onState, error }: FilterProps) {
  const styles = useStyles();
  const onSearch = useCallback((q: string) => onState({ ...state, q }), [state, onState]);
  const onTag = useCallback((tag: string) => onState({ ...state, tag }), [state, onState]);
  const { runs, hasMore } = found;
  return (
    <div className={styles.filters}>
      <SearchBox
        className={styles.search}
        label="Search runs"
        placeholder="Search names, or filter: metrics.accuracy > 0.9 and params.lr = '0.1'"
        value={state.q ?? ""}
        onSearch={onSearch}
        error={error}
      />
      <SearchBox
        className={styles.tag}
        label="Tag"
        placeholder="Tag, or tag=value"
        value={state.tag ?? ""}
        onSearch={onTag}
      />
      <StatusFilter value={state.status} onChange={(status) => onState({ ...state, status })} />
      <Switch
        label="Child runs"
        checked={state.children ?? false}
        onChange={(_, data) => onState({ ...state, children: data.checked })}
      />
      {runs ? <span className={styles.count}>{counted(runs.length, "run") + (hasMore ? " loaded" : "")}</span> : null}
    </div>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  const icon = <PlayCircle48Regular />;
  if (filtered) {
    return <EmptyState icon={icon} title="No run matches" hint="Change or clear the search and the status filter." />;
  }
  return (
    <EmptyState icon={icon} title="No runs yet" hint="Log one from Python: it appears here while it runs.">
      <GettingStarted />
    </EmptyState>
  );
}

interface StatusProps {
  value: string | undefined;
  onChange: (status: string) => void;
}

const ANY = "any";

function StatusFilter({ value, onChange }: StatusProps) {
  const styles = useStyles();
  const label = RUN_STATUSES.find(({ status }) => status === value)?.label ?? "Any status";
  return (
    <Dropdown
      className={styles.status}
      aria-label="Status"
      value={label}
      selectedOptions={[value ?? ANY]}
      onOptionSelect={(_, data) => onChange(data.optionValue === ANY ? "" : (data.optionValue ?? ""))}
    >
      <Option value={ANY}>Any status</Option>
      {RUN_STATUSES.map(({ status, label: text }) => (
        <Option key={status} value={status}>
          {text}
        </Option>
      ))}
    </Dropdown>
  );
}
