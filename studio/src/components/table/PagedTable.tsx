import { makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { ApiError } from "../../api/client";
import type { Sorting } from "../../format/filter";
import { counted } from "../../format/number";
import { SearchBox } from "../SearchBox";
import { ErrorState } from "../States";
import type { AnyRow } from "./column";
import { DataTable, type DataTableProps } from "./DataTable";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: "8px", alignItems: "flex-start", flexShrink: 0 },
  search: { flex: "1 1 320px", maxWidth: "640px" },
  count: {
    marginLeft: "auto",
    alignSelf: "center",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: "nowrap",
  },
});

/** What of TanStack's infinite queries is looked at. */
interface Pages {
  error: Error | null;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

interface Props<T extends AnyRow> extends Omit<DataTableProps<T>, "sort" | "onSort" | "onEnd"> {
  query: Pages;
  /** One of the rows: "trace". */
  one: string;
  search: string;
  onSearch: (text: string) => void;
  placeholder: string;
  sort: Sorting;
  onSort: (sort: Sorting) => void;
  empty: ReactNode;
}

/** Rows that the server searches and sorts, read page by page while one scrolls. */
export function PagedTable<T extends AnyRow>(props: Props<T>) {
  const { query, one, search, onSearch, placeholder, sort, onSort, ...table } = props;
  const styles = useStyles();
  const { error, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const things = table.label.toLowerCase();
  // The server could not read the filter: its sentence stands below the box.
  const refused = error instanceof ApiError && error.status === 400;
  return (
    <>
      <div className={styles.filters}>
        <SearchBox
          className={styles.search}
          label={`Search ${things}`}
          placeholder={placeholder}
          value={search}
          onSearch={onSearch}
          error={refused ? error.message : undefined}
        />
        {table.rows ? (
          <span className={styles.count}>{counted(table.rows.length, one) + (hasNextPage ? " loaded" : "")}</span>
        ) : null}
      </div>
      {error && !refused ? (
        <ErrorState error={error} what={`The ${things} could not be listed.`} retry={() => void query.refetch()} />
      ) : null}
      {error && !table.rows ? null : (
        <DataTable
          {...table}
          sort={sort}
          onSort={(next) => onSort(next ?? sort)}
          onEnd={() => {
            if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
          }}
        />
      )}
    </>
  );
}
