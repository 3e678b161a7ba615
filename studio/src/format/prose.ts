/** As long as a tag of MLflow: what is longer is data as a rule, and would take a page's time to read as Markdown. */
const LONGEST = 8000;
/** Quotes in quotes: each takes room on the stack while it is read. */
const DEEP = /(?:>[ \t]*){20}/;

/** Whether a text is short and shallow enough to be read as Markdown. */
export function isProse(text: string): boolean {
  return text.length <= LONGEST && !DEEP.test(text);
}

/** An address of the web or of mail, for a link; "" for any other, which might run a script. */
export function webAddress(url: string): string {
  return /^(https?:\/\/|mailto:)/i.test(url) ? url : "";
}
