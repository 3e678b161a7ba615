import { useState } from "react";

const SAMPLE = '{"data": [[1, 2, 3, 4]]}';

/** The request body that was last tried on an endpoint, kept for the next visit. */
export function useSampleBody(ws: string, name: string) {
  const key = `zaffre.sample.${ws}.${name}`;
  const [body, setBody] = useState(() => localStorage.getItem(key) ?? SAMPLE);
  const keep = (text: string) => {
    setBody(text);
    localStorage.setItem(key, text);
  };
  return [body, keep] as const;
}
