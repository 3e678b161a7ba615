/** One column, tensor or parameter of a model's signature or of a data set. */
export interface ColumnSpec {
  name: string;
  type: string;
  required: boolean;
}

export interface Signature {
  inputs: ColumnSpec[];
  outputs: ColumnSpec[];
  params: ColumnSpec[];
}

type Spec = Record<string, unknown>;

/** MLflow's column and tensor specs. A column without a name is named by its place. */
export function columnSpecs(specs: unknown): ColumnSpec[] {
  if (!Array.isArray(specs)) return [];
  return (specs as Spec[]).map((spec, i) => ({
    name: typeof spec["name"] === "string" ? spec["name"] : specs.length === 1 ? "–" : String(i),
    type: typeName(spec),
    required: spec["required"] !== false && !("default" in spec),
  }));
}

function typeName(spec: Spec): string {
  const tensor = spec["tensor-spec"] as { dtype?: string; shape?: number[] } | undefined;
  if (tensor) return `tensor(${tensor.dtype ?? "?"}, [${(tensor.shape ?? []).join(", ")}])`;
  const type = typeof spec["type"] === "string" ? spec["type"] : typeof spec["dtype"] === "string" ? spec["dtype"] : "";
  if (type === "array") return `array of ${typeName((spec["items"] ?? {}) as Spec)}`;
  if (type === "object" && spec["properties"] !== undefined) {
    const inner = Object.entries(spec["properties"] as Record<string, Spec>);
    return `{${inner.map(([name, one]) => `${name}: ${typeName(one)}`).join(", ")}}`;
  }
  if (type === "map") return `map of ${typeName((spec["values"] ?? {}) as Spec)}`;
  return "default" in spec && spec["default"] !== null ? `${type} = ${JSON.stringify(spec["default"])}` : type || "any";
}

/** The columns of a data set, as MLflow describes its schema. */
export function datasetColumns(schema: string): ColumnSpec[] {
  const known = parsed(schema) as { mlflow_colspec?: unknown; mlflow_tensorspec?: unknown } | undefined;
  if (!known || typeof known !== "object") return [];
  if (known.mlflow_colspec !== undefined) return columnSpecs(known.mlflow_colspec);
  const tensors = known.mlflow_tensorspec as { features?: unknown; targets?: unknown } | undefined;
  return [...columnSpecs(parsedList(tensors?.features)), ...columnSpecs(parsedList(tensors?.targets))];
}

/** Where a data set comes from, in one line: its address or path, else the kind of its source. */
export function sourceText(sourceType: string, source: string): string {
  const known = parsed(source);
  if (typeof known === "object" && known !== null) {
    for (const name of ["url", "uri", "path", "table_name"]) {
      const value = (known as Spec)[name];
      if (typeof value === "string" && value) return value;
    }
    const tags = (known as { tags?: Record<string, string> }).tags;
    if (tags?.["mlflow.source.name"]) return tags["mlflow.source.name"];
  }
  return known === undefined && source ? source : sourceType;
}

/** The numbers of a data set's profile: `{"num_rows": 569}`. */
export function profileFacts(profile: string): [string, string][] {
  const known = parsed(profile);
  if (typeof known !== "object" || known === null || Array.isArray(known)) return [];
  return Object.entries(known as Spec).map(([name, value]) => [
    name.replace(/^num_/, "").replaceAll("_", " "),
    typeof value === "number" ? value.toLocaleString("en") : typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

/** The flavors that an MLmodel file names. */
export function flavors(mlmodel: string): string[] {
  return [...block(mlmodel, "flavors").matchAll(/^ {2}([\w.-]+):/gm)].map(([, name = ""]) => name);
}

/** The signature in an MLmodel file; undefined for a model without one. The file is YAML whose values are JSON. */
export function signature(mlmodel: string): Signature | undefined {
  const text = block(mlmodel, "signature");
  if (!text.trim()) return undefined;
  const part = (name: string) => columnSpecs(parsed(scalar(text, name)));
  const found = { inputs: part("inputs"), outputs: part("outputs"), params: part("params") };
  return found.inputs.length + found.outputs.length + found.params.length > 0 ? found : undefined;
}

/** The lines below a top-level key of a YAML document. */
function block(yaml: string, key: string): string {
  const lines = yaml.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (start < 0) return "";
  const length = lines.slice(start + 1).findIndex((line) => /^\S/.test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** A quoted scalar of a block, which YAML may have broken into lines. */
function scalar(text: string, key: string): string {
  const match = new RegExp(`^ {2}${key}:([\\s\\S]*?)(?=^ {2}\\w+:|(?![\\s\\S]))`, "m").exec(text);
  const folded = (match?.[1] ?? "").trim().replace(/\s*\n\s*/g, " ");
  if (folded.startsWith("'")) return folded.slice(1, -1).replaceAll("''", "'");
  if (folded.startsWith('"')) {
    const text: unknown = parsed(folded);
    return typeof text === "string" ? text : "";
  }
  return folded;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function parsedList(value: unknown): unknown {
  return typeof value === "string" ? parsed(value) : value;
}
