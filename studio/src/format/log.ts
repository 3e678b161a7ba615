/** A piece of a log line in one style. */
export interface Span {
  text: string;
  color?: AnsiColor;
  bold?: boolean;
  dim?: boolean;
}

export type AnsiColor = "black" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "white";

const COLORS: AnsiColor[] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

// eslint-disable-next-line no-control-regex -- terminal sequences begin with the escape character
const SEQUENCE = /\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Za-z0-9]/g;

/**
 * The lines of a log as a terminal shows them: a carriage return overwrites its line, so of a progress bar only the
 * last state stays. The last line is the one still being written.
 */
export function logLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => {
    const at = line.replace(/\r+$/, "").lastIndexOf("\r");
    return at < 0 ? line.replace(/\r+$/, "") : line.slice(at + 1).replace(/\r+$/, "");
  });
}

/** A line without its terminal sequences, for search and for copying. */
export function plainText(line: string): string {
  return line.replace(SEQUENCE, "");
}

/** The pieces of a line in the colours its terminal sequences ask for. */
export function spans(line: string): Span[] {
  if (!line.includes("\x1b")) return line ? [{ text: line }] : [];
  const result: Span[] = [];
  let style: Omit<Span, "text"> = {};
  let from = 0;
  for (const match of line.matchAll(SEQUENCE)) {
    if (match.index > from) result.push({ text: line.slice(from, match.index), ...style });
    from = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, match[1] ?? "");
  }
  if (from < line.length) result.push({ text: line.slice(from), ...style });
  return result;
}

function styled(style: Omit<Span, "text">, codes: string): Omit<Span, "text"> {
  let next = { ...style };
  for (const code of codes.split(";").map(Number)) {
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 22) next = withoutWeight(next);
    else if (code === 39) delete next.color;
    else if (code >= 30 && code <= 37) next.color = COLORS[code - 30] ?? "white";
    else if (code >= 90 && code <= 97) next.color = COLORS[code - 90] ?? "white";
  }
  return next;
}

function withoutWeight({ color }: Omit<Span, "text">): Omit<Span, "text"> {
  return color ? { color } : {};
}
