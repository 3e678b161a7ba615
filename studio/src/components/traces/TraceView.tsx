import { Button, makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { ArrowLeft16Regular } from "@fluentui/react-icons";

import type { Assessment, Span, Trace } from "../../api/types";
import { timeRange } from "../../format/spans";
import { useSplitStyles } from "../files/split";
import { useNarrow } from "../media";
import { SpanDetails } from "./SpanDetails";
import { SpanTree } from "./SpanTree";

const useStyles = makeStyles({
  tree: { display: "flex", flexDirection: "column", flex: "0 0 52%", minHeight: 0, minWidth: 0 },
  edge: { borderRight: `1px solid ${tokens.colorNeutralStroke2}` },
  narrow: { flex: "1 1 auto" },
  none: { padding: "16px", color: tokens.colorNeutralForeground3 },
});

interface Props {
  trace: Trace;
  spans: Span[];
  /** The id of the chosen span. */
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}

/** The tree of spans and what is known of the chosen one; on narrow screens one at a time. */
export function TraceView({ trace, spans, chosen, onChoose }: Props) {
  const styles = useStyles();
  const split = useSplitStyles();
  const narrow = useNarrow();
  if (spans.length === 0) {
    return (
      <div className={split.split}>
        <Text className={styles.none}>The program sent no spans of this trace, or keeps them elsewhere.</Text>
      </div>
    );
  }
  const span = spans.find(({ id }) => id === chosen) ?? (narrow ? undefined : spans[0]);
  const tree = (
    <div className={mergeClasses(styles.tree, narrow ? styles.narrow : styles.edge)}>
      <SpanTree spans={spans} chosen={span?.id} onChoose={onChoose} />
    </div>
  );
  const details = span ? (
    <div className={split.main}>
      {narrow ? (
        <div className={split.back}>
          <Button size="small" appearance="subtle" icon={<ArrowLeft16Regular />} onClick={() => onChoose(undefined)}>
            All spans
          </Button>
        </div>
      ) : null}
      <SpanDetails
        key={span.id}
        span={span}
        start={timeRange(spans).start}
        assessments={assessmentsOf(trace, span, spans)}
      />
    </div>
  ) : null;
  return (
    <div className={split.split}>
      {narrow && details ? null : tree}
      {details}
    </div>
  );
}

/** What was said of this span; what was said of the trace as a whole stands with its root. */
function assessmentsOf(trace: Trace, span: Span, spans: Span[]): Assessment[] {
  const root = spans[0]?.id === span.id;
  return trace.assessments.filter((one) => one.span_id === span.id || (root && one.span_id == null));
}
