import { makeStyles } from "@fluentui/react-components";
import { lazy, Suspense } from "react";

import { isProse } from "../format/prose";

/** What reads Markdown is fetched with the first text. */
const RichText = lazy(() => import("./RichText"));

const useStyles = makeStyles({ plain: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" } });

/** A text as its writer meant it; as it is written until that is read, and where it is no prose. */
export function Markdown({ text }: { text: string }) {
  const styles = useStyles();
  const plain = <div className={styles.plain}>{text}</div>;
  return isProse(text) ? (
    <Suspense fallback={plain}>
      <RichText text={text} />
    </Suspense>
  ) : (
    plain
  );
}
