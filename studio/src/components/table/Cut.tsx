import { makeStyles } from "@fluentui/react-components";

const useStyles = makeStyles({
  cut: {
    display: "inline-block",
    maxWidth: "100%",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    verticalAlign: "bottom",
  },
});

/** A text of one line that is cut where there is no room; its tooltip has all of it. */
export function Cut({ text }: { text: string }) {
  const styles = useStyles();
  return (
    <span className={styles.cut} title={text}>
      {text}
    </span>
  );
}
