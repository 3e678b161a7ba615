/** The addresses that MLflow's clients print: what stands behind their "#" names a run, an experiment or a model. */

export interface MlflowLink {
  /** The workspace that the link itself names, if it does. */
  workspace?: string;
  run?: string;
  experimentId?: number;
  model?: string;
  version?: string;
}

/** What `#/experiments/1/runs/abc?workspace=w` and its like lead to; undefined for any other part behind the "#". */
export function mlflowLink(hash: string): MlflowLink | undefined {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const [first, ...parts] = path.split("/").filter(Boolean).map(decode);
  const [noun, id, below, inner] = first === "workspaces" ? parts.slice(1) : [first, ...parts];
  const named = first === "workspaces" ? parts[0] : new URLSearchParams(query).get("workspace");
  const link: MlflowLink = named ? { workspace: named } : {};
  if (noun === "models" && id) {
    return below === "versions" && inner ? { ...link, model: id, version: inner } : { ...link, model: id };
  }
  if (noun !== "experiments") return undefined;
  if (below === "runs" && inner) return { ...link, run: inner };
  return id && /^\d{1,15}$/.test(id) ? { ...link, experimentId: Number(id) } : link;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
