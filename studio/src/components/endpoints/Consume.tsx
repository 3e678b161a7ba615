import { makeStyles, Text, tokens } from "@fluentui/react-components";

import type { Service } from "../../api/types";
import { callWithCurl, callWithPython, callWithSdk } from "../../format/snippets";
import { Card, Facts } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { CopyText } from "../CopyButton";
import { useSampleBody } from "./sample";

const useStyles = makeStyles({ none: { color: tokens.colorNeutralForeground3 } });

/** The endpoint's addresses and code that calls it. */
export function Consume({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const [body] = useSampleBody(ws, service.name);
  const uri = service.scoring_uri;
  if (!uri) return <Text className={styles.none}>The address is known once the endpoint has started.</Text>;
  return (
    <>
      <Card title="Addresses">
        <Facts
          facts={[
            ["Scoring", <CopyText key="uri" text={uri} what="the scoring address" />],
            service.swagger_uri && [
              "OpenAPI",
              <CopyText key="swagger" text={service.swagger_uri} what="the OpenAPI address" />,
            ],
          ]}
        />
      </Card>
      <CodeBlock
        snippets={[
          { title: "curl", code: callWithCurl(uri, body) },
          { title: "Python", code: callWithPython(uri, body) },
          { title: "Azure ML SDK", code: callWithSdk(ws, service.name, body) },
        ]}
      />
    </>
  );
}
