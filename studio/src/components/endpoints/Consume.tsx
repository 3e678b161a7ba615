import { makeStyles, Text, tokens } from "@fluentui/react-components";

import { scoringAddress } from "../../api/services";
import type { Service } from "../../api/types";
import { callWithCurl, callWithPython, callWithSdk } from "../../format/snippets";
import { Card, Facts } from "../Card";
import { CodeBlock } from "../CodeBlock";
import { CopyText } from "../CopyButton";
import { Keys } from "./Keys";
import { useSampleBody } from "./sample";

const useStyles = makeStyles({ none: { color: tokens.colorNeutralForeground3 } });

/** The endpoint's addresses and code that calls it. */
export function Consume({ ws, service }: { ws: string; service: Service }) {
  const styles = useStyles();
  const [body] = useSampleBody(ws, service.name);
  const uri = scoringAddress(service, window.location.origin);
  const own = service.scoring_uri !== uri ? service.scoring_uri : null;
  if (!uri) {
    return (
      <>
        <Text className={styles.none}>The address is known once the endpoint has started.</Text>
        {service.auth_enabled ? <Keys ws={ws} service={service} /> : null}
      </>
    );
  }
  return (
    <>
      <Card title="Addresses">
        <Facts
          facts={[
            ["Scoring", <CopyText key="uri" text={uri} what="the scoring address" />],
            own && ["On the server's machine", <CopyText key="own" text={own} what="the container's address" />],
            service.swagger_uri && [
              "OpenAPI",
              <CopyText key="swagger" text={uri.replace(/\/score$/, "/swagger.json")} what="the OpenAPI address" />,
            ],
          ]}
        />
      </Card>
      {service.auth_enabled ? <Keys ws={ws} service={service} /> : null}
      <CodeBlock
        snippets={[
          { title: "curl", code: callWithCurl(uri, body, service.auth_enabled) },
          { title: "Python", code: callWithPython(uri, body, service.auth_enabled) },
          { title: "Azure ML SDK", code: callWithSdk(ws, service.name, body) },
        ]}
      />
    </>
  );
}
