import { Badge, makeStyles } from "@fluentui/react-components";

const useStyles = makeStyles({
  list: { display: "inline-flex", flexWrap: "wrap", gap: "4px", minWidth: 0, maxWidth: "100%" },
  alias: { maxWidth: "100%", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", display: "block" },
});

/** Aliases as they stand in a table. */
export function AliasList({ names }: { names: string[] }) {
  const styles = useStyles();
  if (names.length === 0) return "–";
  return (
    <span className={styles.list}>
      {names.map((name) => (
        <Badge key={name} appearance="tint" className={styles.alias} title={name}>
          {name}
        </Badge>
      ))}
    </span>
  );
}
