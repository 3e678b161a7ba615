import { MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useEffect, useState } from "react";

import { useStreamState } from "../api/live";

/** A restart of the server is not worth a word; a longer silence is. */
const PATIENCE_MS = 4000;

/** Says when what the page shows is no longer live. */
export function ConnectionBar() {
  return useStreamState() === "waiting" ? <Silence /> : null;
}

function Silence() {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!long) return null;
  return (
    <MessageBar intent="warning" layout="multiline" role="status">
      <MessageBarBody>
        The server does not answer. What is shown may be old; it is asked again until it does. Start it with: zaffre up
      </MessageBarBody>
    </MessageBar>
  );
}
