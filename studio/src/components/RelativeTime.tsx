import { Tooltip } from "@fluentui/react-components";
import { useSyncExternalStore } from "react";

import { duration, exactTime, relativeTime } from "../format/time";

const listeners = new Set<() => void>();
let clock = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for every time on the page: it ticks once a second while something shows it. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    clock = Date.now();
    for (const notify of listeners) notify();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time now, to the second; `live` false keeps it still. */
export function useNow(live = true): number {
  return useSyncExternalStore(live ? subscribe : () => () => undefined, () => clock);
}

/** A point in time as people say it; the tooltip has it exactly. */
export function RelativeTime({ at }: { at: number }) {
  const text = useSyncExternalStore(subscribe, () => relativeTime(at, clock));
  return (
    <Tooltip content={exactTime(at)} relationship="description" withArrow>
      <time dateTime={new Date(at).toISOString()}>{text}</time>
    </Tooltip>
  );
}

/** The time between two points, counting on while the end is open. */
export function Duration({ from, to }: { from: number | null | undefined; to: number | null | undefined }) {
  const now = useNow(from != null && to == null);
  if (from == null) return <>–</>;
  return <>{duration((to ?? now) - from)}</>;
}
