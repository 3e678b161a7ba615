/**
 * The arguments of a command line as names and values: `--lr 0.1`, `--lr=0.1`, `--flag`, and what stands alone by its
 * place.
 */
export function argumentPairs(given: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  let place = 0;
  for (let i = 0; i < given.length; i++) {
    const word = given[i] ?? "";
    const next = given[i + 1];
    if (!isOption(word)) {
      place += 1;
      pairs.push([`#${place}`, word]);
    } else if (word.includes("=")) {
      const at = word.indexOf("=");
      pairs.push([word.slice(0, at), word.slice(at + 1)]);
    } else if (next !== undefined && !isOption(next)) {
      pairs.push([word, next]);
      i += 1;
    } else pairs.push([word, "yes"]);
  }
  return pairs;
}

/** A negative number is no option. */
function isOption(word: string): boolean {
  return /^--?[A-Za-z]/.test(word);
}
