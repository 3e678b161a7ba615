/** Where MLflow's clients and pages keep the description of a run or an experiment. */
export const NOTE_TAG = "mlflow.note.content";

/** The description of a run: what MLflow's clients said last, else what was said over REST. */
export function noteOf(thing: { tags: Record<string, string>; description?: string }): string {
  return thing.tags[NOTE_TAG] ?? thing.description ?? "";
}
