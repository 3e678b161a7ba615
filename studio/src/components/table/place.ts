import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

import { changed, type Change, type TablePlace } from "../../format/address";
import type { Sorting } from "../../format/filter";

/** Where somebody is in the table of the page, kept in the address: a link or a reload leads to the same rows. */
export function useTablePlace() {
  const search: TablePlace = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (next: Change<TablePlace>) =>
      void navigate({
        to: ".",
        search: (before) => changed(before, next),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const onSearch = useCallback((text: string) => change({ q: text === "" ? undefined : text }), [change]);
  const onSort = useCallback((sort: Sorting | undefined) => change({ sort: sort?.id, desc: sort?.desc }), [change]);
  const { q, sort: id, desc } = search;
  const sort: Sorting | undefined = id === undefined ? undefined : { id, desc: desc ?? false };
  return { text: q ?? "", sort, onSearch, onSort };
}
