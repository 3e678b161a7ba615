/** A piece of source text and what it is. */
export interface Token {
  kind: "plain" | "comment" | "string" | "number" | "keyword" | "name";
  text: string;
}

const PYTHON =
  "False None True and as assert async await break case class continue def del elif else except finally for from global " +
  "if import in is lambda match nonlocal not or pass raise return try while with yield";
const JSON_WORDS = "true false null";
const SHELL = "if then else elif fi for while do done case esac function in export return exit echo cd set";

interface Language {
  keywords: ReadonlySet<string>;
  pattern: RegExp;
}

const STRING = String.raw`"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?`;
const NUMBER = String.raw`\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b`;
const WORD = String.raw`[A-Za-z_]\w*`;

function language(words: string, comment: string, strings = STRING): Language {
  const parts = [`(?<comment>${comment})`, `(?<string>${strings})`, `(?<number>${NUMBER})`, `(?<word>${WORD})`];
  return { keywords: new Set(words.split(" ")), pattern: new RegExp(parts.join("|"), "g") };
}

const HASH = String.raw`#[^\n]*`;
const LONG = String.raw`"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)`;
const LANGUAGES: Record<string, Language> = {
  py: language(PYTHON, HASH, `(?:[rRbBfFuU]{1,2})?(?:${LONG}|${STRING})`),
  json: language(JSON_WORDS, "(?!)"),
  yml: language("true false null yes no", HASH),
  sh: language(SHELL, HASH),
  toml: language("true false", HASH),
};
const ALIASES: Record<string, string> = { yaml: "yml", ipynb: "json", bash: "sh", cfg: "toml", ini: "toml" };

/** Longer texts are shown without colours. */
const LIMIT = 400_000;

/** Splits a text into lines of tokens, by the ending of the file's name. */
export function highlighter(extension: string): (text: string) => Token[][] {
  const known = LANGUAGES[ALIASES[extension] ?? extension];
  return (text) => (known && text.length <= LIMIT ? lines(tokens(text, known)) : plain(text));
}

function plain(text: string): Token[][] {
  return text.split("\n").map((line) => (line ? [{ kind: "plain", text: line }] : []));
}

function tokens(text: string, { keywords, pattern }: Language): Token[] {
  const result: Token[] = [];
  let from = 0;
  let before = "";
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) result.push({ kind: "plain", text: text.slice(from, match.index) });
    const [piece] = match;
    result.push({ kind: kindOf(match.groups ?? {}, keywords, before), text: piece });
    if (match.groups?.["word"]) before = piece;
    from = match.index + piece.length;
  }
  if (from < text.length) result.push({ kind: "plain", text: text.slice(from) });
  return result;
}

function kindOf(groups: Record<string, string>, keywords: ReadonlySet<string>, before: string): Token["kind"] {
  if (groups["comment"] !== undefined) return "comment";
  if (groups["string"] !== undefined) return "string";
  if (groups["number"] !== undefined) return "number";
  if (keywords.has(groups["word"] ?? "")) return "keyword";
  return before === "def" || before === "class" ? "name" : "plain";
}

function lines(all: Token[]): Token[][] {
  const result: Token[][] = [[]];
  for (const { kind, text } of all) {
    text.split("\n").forEach((part, i) => {
      if (i > 0) result.push([]);
      if (part) result[result.length - 1]?.push({ kind, text: part });
    });
  }
  return result;
}
