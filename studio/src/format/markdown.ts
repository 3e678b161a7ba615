/**
 * The part of Markdown that people write descriptions and answers in, as data. HTML and pictures stay text: what a page
 * shows is never what somebody else's text makes of it, and nothing is fetched from elsewhere.
 */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "emphasis"; parts: Inline[] }
  | { kind: "link"; href: string; parts: Inline[] };

export type Block =
  | { kind: "heading"; level: number; parts: Inline[] }
  | { kind: "paragraph" | "quote"; lines: Inline[][] }
  | { kind: "list"; ordered: boolean; start: number; items: Inline[][] }
  | { kind: "code"; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const MOST_DEPTH = 8;
/** A longer line is data, not prose: it is shown as it is. */
const LONGEST_LINE = 10_000;

export function markdown(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at]?.trim()) at += 1;
    else {
      const [block, used] = blockAt(lines, at);
      blocks.push(block);
      at += used;
    }
  }
  return blocks;
}

/** The block that begins at a line that is not empty, and how many lines it has. */
function blockAt(lines: readonly string[], at: number): [Block, number] {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line)?.[1];
  if (fence) {
    const rest = lines.slice(at + 1);
    const end = rest.findIndex((one) => one.trim().startsWith(fence));
    const inside = end < 0 ? rest : rest.slice(0, end);
    return [{ kind: "code", text: inside.join("\n") }, inside.length + (end < 0 ? 1 : 2)];
  }
  const heading = HEADING.exec(line);
  if (heading) return [{ kind: "heading", level: heading[1]?.length ?? 1, parts: inline(heading[2] ?? "") }, 1];
  if (RULE.test(line)) return [{ kind: "rule" }, 1];
  if (line.includes("|") && DIVIDER.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("-")) {
    const rows = whileTrue(lines, at + 2, (one) => one.includes("|"));
    return [{ kind: "table", head: cells(line), rows: rows.map(cells) }, 2 + rows.length];
  }
  if (QUOTE.test(line)) {
    const quoted = whileTrue(lines, at, (one) => QUOTE.test(one));
    return [{ kind: "quote", lines: quoted.map((one) => inline(QUOTE.exec(one)?.[1] ?? "")) }, quoted.length];
  }
  const item = ITEM.exec(line);
  if (item) return list(lines, at, item[2] === undefined ? null : Number(item[2]));
  const paragraph = [line, ...whileTrue(lines, at + 1, (one) => one.trim() !== "" && !begins(one))];
  return [{ kind: "paragraph", lines: paragraph.map((one) => inline(one.trim())) }, paragraph.length];
}

function begins(line: string): boolean {
  return [HEADING, RULE, FENCE, ITEM, QUOTE].some((rule) => rule.test(line));
}

/** Items one after the other, also those that stand further in; a line without a mark continues its item. */
function list(lines: readonly string[], at: number, start: number | null): [Block, number] {
  const items: string[] = [];
  const used = whileTrue(lines, at, (line) => {
    const item = ITEM.exec(line);
    if (item && !RULE.test(line)) return (item[2] !== undefined) === (start !== null) || /^\s/.test(line);
    return line.trim() !== "" && !begins(line);
  });
  for (const line of used) {
    const item = ITEM.exec(line);
    if (item) items.push(item[3] ?? "");
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return [
    { kind: "list", ordered: start !== null, start: start ?? 1, items: items.map((one) => inline(one)) },
    used.length,
  ];
}

function whileTrue(lines: readonly string[], from: number, holds: (line: string) => boolean): string[] {
  const rest = lines.slice(from);
  const end = rest.findIndex((line) => !holds(line));
  return end < 0 ? rest : rest.slice(0, end);
}

function cells(line: string): Inline[][] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").map((cell) => inline(cell.trim()));
}

const MARKS: [RegExp, (match: RegExpExecArray, depth: number) => Inline | null][] = [
  [/`([^`]+)`/, (match) => ({ kind: "code", text: match[1] ?? "" })],
  [/\[([^[\]]+)\]\(\s*<?([^()\s<>]+)>?[^)]*\)/, (match, depth) => link(match[2] ?? "", inline(match[1] ?? "", depth))],
  [
    /\*\*(?=\S)([^*]*(?:\*[^*]+)*?\S)\*\*/,
    (match, depth) => ({ kind: "strong", parts: inline(match[1] ?? "", depth) }),
  ],
  [/__(?=\S)([^_]+)__(?!\w)/, (match, depth) => ({ kind: "strong", parts: inline(match[1] ?? "", depth) })],
  [/\*(?=[^\s*])([^*]*[^\s*])\*/, (match, depth) => ({ kind: "emphasis", parts: inline(match[1] ?? "", depth) })],
  [
    /(?<!\w)_(?=[^\s_])([^_]*[^\s_])_(?!\w)/,
    (match, depth) => ({ kind: "emphasis", parts: inline(match[1] ?? "", depth) }),
  ],
  [/https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]/, (match) => link(match[0], [{ kind: "text", text: match[0] }])],
];

/** The marks within a line. What is no mark stays text. */
export function inline(text: string, depth = 0): Inline[] {
  if (text === "") return [];
  if (depth > MOST_DEPTH || text.length > LONGEST_LINE) return [{ kind: "text", text }];
  let first: { at: number; length: number; part: Inline } | undefined;
  for (const [rule, make] of MARKS) {
    const match = rule.exec(text);
    if (!match || (first && match.index >= first.at)) continue;
    const part = make(match, depth + 1);
    if (part) first = { at: match.index, length: match[0].length, part };
  }
  if (!first) return [{ kind: "text", text }];
  const before: Inline[] = first.at > 0 ? [{ kind: "text", text: text.slice(0, first.at) }] : [];
  return [...before, first.part, ...inline(text.slice(first.at + first.length), depth)];
}

/** Only addresses of the web and of mail: a link never runs a script. */
function link(href: string, parts: Inline[]): Inline | null {
  return /^(https?:\/\/|mailto:)/i.test(href) ? { kind: "link", href, parts } : null;
}
