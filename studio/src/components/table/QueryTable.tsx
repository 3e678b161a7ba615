import { makeStyles } from "@fluentui/react-components";
import { useMemo, type ReactElement, type ReactNode } from "react";

import { SearchBox } from "../SearchBox";
import { EmptyState, ErrorState } from "../States";
import type { AnyRow } from "./column";
import { DataTable, type DataTableProps } from "./DataTable";
import { useTablePlace } from "./place";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: "8px", flexShrink: 0 },
  search: { flex: "1 1 240px", maxWidth: "480px" },
});

interface Props<T extends AnyRow> extends Omit<DataTableProps<T>, "rows" | "empty"> {
  query: { data: readonly T[] | undefined; error: Error | null; refetch: () => unknown };
  /** What of a row the search box looks into; absent: there is no search box. */
  searched?: (row: T) => string;
  /** More filters, beside the search box. */
  filters?: ReactNode;
  /** What stands there when there is nothing: a picture, a line, what to do, and how. */
  none: { icon: ReactElement; title: string; hint: string; start?: ReactNode };
}

/** Everything of one kind as a table that searches in the browser, with what to say while there is nothing. */
export function QueryTable<T extends AnyRow>({ query, searched, filters, none, ...table }: Props<T>) {
  const styles = useStyles();
  const { text, onSearch } = useTablePlace();
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(
    () => (wanted && searched ? query.data?.filter((row) => searched(row).toLowerCase().includes(wanted)) : query.data),
    [query.data, wanted, searched],
  );
  const things = table.label.toLowerCase();
  const filtered = query.data !== undefined && query.data.length > 0;
  const searchable = searched !== undefined && (filtered || query.data === undefined || wanted !== "");
  return (
    <>
      {searchable || filters ? (
        <div className={styles.filters}>
          {searchable ? (
            <SearchBox
              className={styles.search}
              label={`Search ${things}`}
              placeholder="Search names"
              value={text}
              onSearch={onSearch}
            />
          ) : null}
          {filters}
        </div>
      ) : null}
      {query.error ? (
        <ErrorState
          error={query.error}
          what={`The ${things} could not be listed.`}
          retry={() => void query.refetch()}
        />
      ) : (
        <DataTable
          {...table}
          rows={rows}
          empty={
            filtered ? (
              <EmptyState icon={none.icon} title={`No ${things} match`} hint="Change or clear the search." />
            ) : (
              <EmptyState icon={none.icon} title={none.title} hint={none.hint}>
                {none.start}
              </EmptyState>
            )
          }
        />
      )}
    </>
  );
}
