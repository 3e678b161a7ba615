const OWN = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[zaffre\] /;
const BEGIN = /\[zaffre\] Deploying revision \d+/;

/**
 * What the supervisor of an endpoint said while it prepared the newest revision: the log without what the served
 * program wrote.
 */
export function buildLines(text: string): string {
  const lines = text.split("\n");
  let from = lines.length - 1;
  while (from > 0 && !BEGIN.test(lines[from] ?? "")) from -= 1;
  return lines
    .slice(from)
    .filter((line) => OWN.test(line))
    .join("\n");
}
