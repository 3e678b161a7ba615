import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { ArrowDown16Regular, ArrowUp16Regular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";

import { SearchBox } from "../SearchBox";
import { compare } from "../table/column";

const useStyles = makeStyles({
  box: {
    maxHeight: "400px",
    overflow: "auto",
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  table: { borderCollapse: "collapse", width: "100%", tableLayout: "fixed" },
  head: {
    position: "sticky",
    top: 0,
    padding: "0 8px 4px 0",
    textAlign: "left",
    background: tokens.colorNeutralBackground1,
    fontWeight: tokens.fontWeightRegular,
  },
  sort: {
    display: "inline-flex",
    alignItems: "center",
    columnGap: "4px",
    padding: "2px 4px",
    margin: "0 -4px",
    border: "none",
    background: "transparent",
    font: "inherit",
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
    cursor: "pointer",
    borderRadius: tokens.borderRadiusMedium,
    ":hover": { color: tokens.colorBrandForeground1 },
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  cell: {
    padding: "6px 8px 6px 0",
    textAlign: "left",
    fontWeight: tokens.fontWeightRegular,
    verticalAlign: "top",
    overflowWrap: "anywhere",
    borderTop: `1px solid ${tokens.colorNeutralStroke3}`,
  },
  name: { color: tokens.colorNeutralForeground2 },
  none: { color: tokens.colorNeutralForeground3 },
});

/** With more than this many, a box to search them comes first. */
const SEARCHED_FROM = 10;

interface Props {
  label: string;
  values: Record<string, string>;
  /** Shown when there are none. */
  none: string;
}

type Column = "name" | "value";

/** Names and values as a table that sorts by either; numbers sort as numbers. */
export function PairTable({ label, values, none }: Props) {
  const styles = useStyles();
  const [search, setSearch] = useState("");
  const [sort, setSort] = useState<{ by: Column; desc: boolean }>({ by: "name", desc: false });
  const all = useMemo(() => Object.entries(values), [values]);
  const shown = useMemo(() => sorted(found(all, search), sort.by === "name" ? 0 : 1, sort.desc), [all, search, sort]);
  if (all.length === 0) return <Text className={styles.none}>{none}</Text>;
  const toggle = (by: Column) => setSort({ by, desc: sort.by === by && !sort.desc });
  return (
    <>
      {all.length > SEARCHED_FROM ? (
        <SearchBox label={`Search ${label.toLowerCase()}`} placeholder="Search" value={search} onSearch={setSearch} />
      ) : null}
      <div className={styles.box} tabIndex={0} role="region" aria-label={label}>
        <table className={styles.table} aria-label={label}>
          <thead>
            <tr>
              {(["name", "value"] as const).map((by) => (
                <Head key={by} by={by} sort={sort} onSort={() => toggle(by)} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(([name, value]) => (
              <tr key={name}>
                <th scope="row" className={`${styles.cell} ${styles.name}`}>
                  {name}
                </th>
                <td className={styles.cell}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 ? <Text className={styles.none}>None matches.</Text> : null}
      </div>
    </>
  );
}

function Head({ by, sort, onSort }: { by: Column; sort: { by: Column; desc: boolean }; onSort: () => void }) {
  const styles = useStyles();
  const active = sort.by === by;
  return (
    <th scope="col" className={styles.head} aria-sort={active ? (sort.desc ? "descending" : "ascending") : undefined}>
      <button type="button" className={styles.sort} onClick={onSort}>
        {by === "name" ? "Name" : "Value"}
        {active ? sort.desc ? <ArrowDown16Regular aria-hidden /> : <ArrowUp16Regular aria-hidden /> : null}
      </button>
    </th>
  );
}

type Pair = [name: string, value: string];

function found(pairs: Pair[], search: string): Pair[] {
  const wanted = search.trim().toLowerCase();
  return pairs.filter((pair) => pair.some((text) => text.toLowerCase().includes(wanted)));
}

function sorted(pairs: Pair[], column: 0 | 1, desc: boolean): Pair[] {
  const by = (pair: Pair) => {
    const text = pair[column];
    return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  const result = [...pairs].sort((a, b) => compare(by(a), by(b)));
  return desc ? result.reverse() : result;
}
