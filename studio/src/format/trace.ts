import { count } from "./number";

/** What a trace's metadata says in MLflow's names: session, user, tokens and their cost. */
export function traceFacts(metadata: Record<string, string>): [string, string][] {
  const facts: [string, string][] = [];
  const session = metadata["mlflow.trace.session"];
  const user = metadata["mlflow.trace.user"];
  if (session) facts.push(["Session", session]);
  if (user) facts.push(["User", user]);
  const tokens = numbers(metadata["mlflow.trace.tokenUsage"]);
  const total = tokens["total_tokens"];
  if (total !== undefined) facts.push(["Tokens", count(total)]);
  const cost = numbers(metadata["mlflow.trace.cost"])["total_cost"];
  if (cost !== undefined) facts.push(["Cost", `$${cost.toPrecision(2)}`]);
  return facts;
}

function numbers(text: string | undefined): Record<string, number | undefined> {
  try {
    const known = JSON.parse(text ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(known).flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : [])),
    );
  } catch {
    return {};
  }
}
