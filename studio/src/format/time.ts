const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", year: "numeric" });

/** "3 minutes ago", "yesterday", and the date itself for what lies more than four weeks back. */
export function relativeTime(at: number, now: number): string {
  const ago = now - at;
  const size = Math.abs(ago);
  if (size < 10 * SECOND) return "just now";
  if (size < MINUTE) return relative.format(-Math.round(ago / SECOND), "second");
  if (size < HOUR) return relative.format(-Math.round(ago / MINUTE), "minute");
  if (size < DAY) return relative.format(-Math.round(ago / HOUR), "hour");
  if (size < 28 * DAY) return relative.format(-Math.round(ago / DAY), "day");
  return day.format(at);
}

/** "Nov 21, 2026, 23:25:03 UTC": with the time zone, which is the browser's. */
export function exactTime(at: number): string {
  return exact.format(at);
}

/** "850 ms", "12.3 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 0) return "0 s";
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) {
    const seconds = ms / SECOND;
    return `${seconds < 10 ? seconds.toFixed(1).replace(/\.0$/, "") : Math.floor(seconds)} s`;
  }
  if (ms < HOUR) return pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const whole = Math.floor(ms / big);
  const rest = Math.floor((ms % big) / small);
  return rest === 0 ? `${whole} ${bigName}` : `${whole} ${bigName} ${rest} ${smallName}`;
}
