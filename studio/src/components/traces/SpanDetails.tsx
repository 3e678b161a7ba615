import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Text, tokens } from "@fluentui/react-components";

import type { Assessment, Span, SpanEvent } from "../../api/types";
import { Facts } from "../Card";
import { TraceStatusBadge } from "../StatusBadge";
import { Assessments } from "./Assessments";
import { Payload } from "./Payload";
import { spanDuration } from "./SpanTree";

const useStyles = makeStyles({
  box: {
    display: "flex",
    flexDirection: "column",
    rowGap: "12px",
    flex: "1 1 auto",
    minWidth: 0,
    minHeight: 0,
    overflow: "auto",
    padding: "12px 16px 16px",
    ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: "-2px" },
  },
  title: { margin: 0, overflowWrap: "anywhere" },
  facts: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    columnGap: "16px",
    rowGap: "4px",
    color: tokens.colorNeutralForeground3,
  },
  error: { flexShrink: 0 },
  part: { display: "flex", flexDirection: "column", rowGap: "8px", minWidth: 0 },
  heading: { margin: 0 },
  stack: {
    margin: "8px 0 0",
    maxHeight: "280px",
    overflow: "auto",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

interface Props {
  span: Span;
  /** When the trace began, in nanoseconds. */
  start: number;
  assessments: Assessment[];
}

/** Everything that is known about one span. */
export function SpanDetails({ span, start, assessments }: Props) {
  const styles = useStyles();
  const attributes = Object.entries(span.attributes);
  const others = span.events.filter((event) => event.name !== "exception");
  return (
    <div className={styles.box} role="region" aria-label={`Span ${span.name}`} tabIndex={0}>
      <Text as="h2" size={500} weight="semibold" className={styles.title}>
        {span.name}
      </Text>
      <div className={styles.facts}>
        <TraceStatusBadge status={span.status} />
        <span>{span.type}</span>
        <span>{spanDuration(span)}</span>
        <span>begins after {milliseconds(span.start_ns - start)}</span>
      </div>
      <SpanError span={span} />
      {span.inputs == null ? null : <Payload title="Inputs" value={span.inputs} />}
      {span.outputs == null ? null : <Payload title="Outputs" value={span.outputs} />}
      <Assessments assessments={assessments} />
      {attributes.length > 0 ? (
        <section className={styles.part} aria-label="Attributes">
          <Text as="h3" weight="semibold" className={styles.heading}>
            Attributes
          </Text>
          <Facts facts={attributes.map(([name, value]) => [name, plain(value)])} />
        </section>
      ) : null}
      <Events events={others} start={start} />
    </div>
  );
}

/** Why a span failed: its exception with the stack trace, else what it said itself. */
function SpanError({ span }: { span: Span }) {
  const styles = useStyles();
  const exceptions = span.events.filter((event) => event.name === "exception");
  if (exceptions.length === 0 && span.status !== "ERROR") return null;
  const last = exceptions[exceptions.length - 1]?.attributes ?? {};
  const type = plain(last["exception.type"] ?? "Error");
  const message = plain(last["exception.message"] ?? span.status_message);
  const stack = last["exception.stacktrace"];
  return (
    <MessageBar intent="error" layout="multiline" className={styles.error}>
      <MessageBarBody>
        <MessageBarTitle>{type}</MessageBarTitle>
        {message}
        {stack == null ? null : (
          <pre className={styles.stack} tabIndex={0} aria-label="Stack trace">
            {plain(stack)}
          </pre>
        )}
      </MessageBarBody>
    </MessageBar>
  );
}

function Events({ events, start }: { events: SpanEvent[]; start: number }) {
  const styles = useStyles();
  if (events.length === 0) return null;
  return (
    <section className={styles.part} aria-label="Events">
      <Text as="h3" weight="semibold" className={styles.heading}>
        Events
      </Text>
      {events.map((event, i) => (
        <div key={i}>
          <Text weight="semibold">{event.name}</Text> <Text>after {milliseconds(event.timestamp_ns - start)}</Text>
          <Facts facts={Object.entries(event.attributes).map(([name, value]) => [name, plain(value)])} />
        </div>
      ))}
    </section>
  );
}

function milliseconds(nanoseconds: number): string {
  const value = Math.max(0, nanoseconds) / 1e6;
  return `${value < 10 ? value.toFixed(2).replace(/\.?0+$/, "") : Math.round(value)} ms`;
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
