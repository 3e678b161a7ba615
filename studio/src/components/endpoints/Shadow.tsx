import { Button, Dropdown, Input, Label, makeStyles, Option, Text, tokens, useId } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { setMirrorTraffic, shadowQuery } from "../../api/endpoints";
import { serviceKeys } from "../../api/services";
import type { Endpoint, ShadowAnswer, ShadowExample, ShadowReport } from "../../api/types";
import { count } from "../../format/number";
import { percentOf } from "../../format/traffic";
import { Card, Facts } from "../Card";
import { FormDialog } from "../FormDialog";
import { useNotify } from "../notify";
import { RelativeTime } from "../RelativeTime";

const SHOWN = 5;

const useStyles = makeStyles({
  quiet: { color: tokens.colorNeutralForeground3 },
  examples: { display: "flex", flexDirection: "column", rowGap: "12px" },
  example: {
    display: "flex",
    flexDirection: "column",
    rowGap: "8px",
    minWidth: 0,
    paddingTop: "12px",
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  answers: { display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 240px), 1fr))", gap: "8px" },
  answer: { display: "flex", flexDirection: "column", rowGap: "4px", minWidth: 0 },
  body: {
    margin: 0,
    padding: "8px",
    maxHeight: "120px",
    overflow: "auto",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    background: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
  actions: { display: "flex", columnGap: "4px" },
});

/** Copies of requests to another version: how many answers differ, and the latest that do. */
export function Shadow({ ws, endpoint }: { ws: string; endpoint: Endpoint }) {
  const styles = useStyles();
  const notify = useNotify();
  const [version, percent] = Object.entries(endpoint.mirror_traffic)[0] ?? [null, 0];
  const { data: report } = useQuery(shadowQuery(ws, endpoint.service.name, version !== null));
  const [choosing, setChoosing] = useState(false);
  const change = useMirror(ws, endpoint.service.name);
  const stop = () => {
    change({}, "No requests are copied any more").catch((error: unknown) =>
      notify.failed("Requests are copied as before", error),
    );
  };
  const alone = endpoint.versions.length < 2;
  const actions = (
    <span className={styles.actions}>
      {version === null ? null : (
        <Button appearance="subtle" size="small" onClick={stop}>
          Stop
        </Button>
      )}
      <Button
        appearance="subtle"
        size="small"
        title={alone ? "It takes a second version to send copies to" : undefined}
        disabledFocusable={alone}
        onClick={() => setChoosing(true)}
      >
        {version === null ? "Mirror requests" : "Change"}
      </Button>
    </span>
  );
  return (
    <Card title="Shadow traffic" actions={actions}>
      {version === null ? (
        <Text className={styles.quiet}>
          No requests are copied. Mirror some to another version to see where its answers differ, before callers get
          them.
        </Text>
      ) : (
        <Report copies={`${percent} % of the requests, to ${version}`} report={report ?? null} />
      )}
      {choosing ? (
        <MirrorDialog
          endpoint={endpoint}
          onSubmit={async (chosen, share) => {
            await change({ [chosen]: share }, `Requests are copied to ${chosen}`);
            setChoosing(false);
          }}
          onClose={() => setChoosing(false)}
        />
      ) : null}
    </Card>
  );
}

function useMirror(ws: string, name: string) {
  const client = useQueryClient();
  const notify = useNotify();
  return async (percentages: Record<string, number>, said: string) => {
    await setMirrorTraffic(ws, name, percentages);
    notify.done(said);
    await client.invalidateQueries({ queryKey: serviceKeys.detail(ws, name) });
  };
}

function Report({ copies, report }: { copies: string; report: ShadowReport | null }) {
  const styles = useStyles();
  return (
    <>
      <Facts
        facts={[
          ["Copies", copies],
          report && report.since > 0 && ["Since", <RelativeTime key="since" at={report.since} />],
          report && ["Same answer", part(report.same, report)],
          report && ["Different answer", part(report.different, report)],
          report && ["No answer", part(report.failed, report)],
          report && ["Not sent", count(report.dropped)],
        ]}
      />
      {report && report.examples.length > 0 ? (
        <div className={styles.examples}>
          {report.examples.slice(0, SHOWN).map((example) => (
            <Example key={`${example.request_id}-${example.at}`} example={example} />
          ))}
        </div>
      ) : null}
    </>
  );
}

/** So many of the copies that were sent. */
function part(some: number, { same, different, failed }: ShadowReport): string {
  const sent = same + different + failed;
  return sent === 0 ? "0" : `${count(some)} (${percentOf(some, sent)})`;
}

function Example({ example }: { example: ShadowExample }) {
  const styles = useStyles();
  return (
    <div className={styles.example}>
      <Text size={200} className={styles.quiet}>
        <RelativeTime at={example.at} /> · request {example.request_id}
      </Text>
      <pre className={styles.body}>{example.request}</pre>
      <div className={styles.answers}>
        <Answered answer={example.answered} />
        <Answered answer={example.mirrored} />
      </div>
    </div>
  );
}

function Answered({ answer }: { answer: ShadowAnswer }) {
  const styles = useStyles();
  return (
    <div className={styles.answer}>
      <Text size={200}>
        {answer.version}: {answer.status}, {answer.milliseconds.toFixed(1)} ms
      </Text>
      <pre className={styles.body}>{answer.body}</pre>
    </div>
  );
}

interface DialogProps {
  endpoint: Endpoint;
  onSubmit: (version: string, share: number) => Promise<void>;
  onClose: () => void;
}

function MirrorDialog({ endpoint, onSubmit, onClose }: DialogProps) {
  const id = useId();
  const others = endpoint.versions.filter((version) => !version.is_default);
  const [version, setVersion] = useState(others[0]?.name ?? "");
  const [share, setShare] = useState("10");
  const number = /^\d{1,3}$/.test(share) ? Number(share) : NaN;
  const ready = version !== "" && number >= 1 && number <= 100;
  return (
    <FormDialog
      title={`Shadow traffic of ${endpoint.service.name}`}
      action="Mirror"
      ready={ready}
      onSubmit={() => onSubmit(version, number)}
      onClose={onClose}
    >
      <Label id={`${id}-version`}>Version that gets copies</Label>
      <Dropdown
        aria-labelledby={`${id}-version`}
        value={version}
        selectedOptions={[version]}
        onOptionSelect={(_, data) => setVersion(data.optionValue ?? "")}
      >
        {endpoint.versions.map((one) => (
          <Option key={one.name} value={one.name}>
            {one.name}
          </Option>
        ))}
      </Dropdown>
      <Label htmlFor={`${id}-share`}>Percentage of the requests</Label>
      <Input
        id={`${id}-share`}
        type="number"
        min={1}
        max={100}
        value={share}
        contentAfter="%"
        onChange={(_, data) => setShare(data.value)}
      />
      <Text size={200}>Callers get the answer of the version that they were sent to; copies go out after that.</Text>
    </FormDialog>
  );
}
