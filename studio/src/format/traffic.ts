/** Shares of an endpoint's versions, as they are typed. */

/** The whole percentage that a text says, or null. */
export function share(text: string): number | null {
  return /^\d{1,3}$/.test(text.trim()) && Number(text) <= 100 ? Number(text) : null;
}

/** Why shares cannot be taken, as a sentence; null where they add up. `shares` is by the names of the versions. */
export function sharesTrouble(shares: Record<string, string>): string | null {
  let sum = 0;
  for (const [name, text] of Object.entries(shares)) {
    const percent = share(text);
    if (percent === null) return `The share of ${name} must be a whole number from 0 to 100.`;
    sum += percent;
  }
  if (sum === 100) return null;
  return sum < 100
    ? `Together they get ${sum} %: ${100 - sum} % of the requests would go nowhere.`
    : `Together they get ${sum} %, which is ${sum - 100} % too much.`;
}

/** What is left for one version when the others have their shares; null where those are no numbers or above 100. */
export function restFor(name: string, shares: Record<string, string>): number | null {
  let rest = 100;
  for (const [other, text] of Object.entries(shares)) {
    if (other === name) continue;
    const percent = share(text);
    if (percent === null) return null;
    rest -= percent;
  }
  return rest >= 0 ? rest : null;
}

/** "stable 75 %, canary 25 %". */
export function sharesText(shares: Record<string, number>): string {
  return Object.entries(shares)
    .map(([name, percent]) => `${name} ${percent} %`)
    .join(", ");
}

/** "37 %", "0.4 %", "0 %": a part of all, with a digit behind the point where the part is small. */
export function percentOf(part: number, all: number): string {
  if (all === 0) return "0 %";
  const percent = (100 * part) / all;
  return `${percent > 0 && percent < 10 ? percent.toPrecision(1) : Math.round(percent)} %`;
}
