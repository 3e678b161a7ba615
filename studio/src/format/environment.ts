type Document = Record<string, unknown>;

function part(value: unknown, name: string): unknown {
  return value !== null && typeof value === "object" ? (value as Document)[name] : undefined;
}

/** The parsed conda document of an environment's definition, wherever its version of the format keeps it. */
export function condaOf(definition: unknown): Document | undefined {
  const direct = part(definition, "condaDependencies") ?? part(part(definition, "python"), "condaDependencies");
  return direct !== null && typeof direct === "object" ? (direct as Document) : undefined;
}

/** The packages that an environment names: those of conda, then those of pip. */
export function packagesOf(definition: unknown): string[] {
  const dependencies = condaOf(definition)?.["dependencies"];
  if (!Array.isArray(dependencies)) return [];
  const conda = dependencies.filter((entry): entry is string => typeof entry === "string");
  const pip = dependencies.flatMap((entry) => {
    const list = part(entry, "pip");
    return Array.isArray(list) ? list.map(String) : [];
  });
  return [...conda, ...pip];
}

/** A JSON value as YAML: what a conda file looks like. */
export function toYaml(value: unknown, indent = 0): string {
  const pad = "  ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]\n`;
    return value
      .map((entry) => {
        if (!isNested(entry)) return `${pad}- ${scalar(entry)}\n`;
        return `${pad}- ${toYaml(entry, indent + 1).trimStart()}`;
      })
      .join("");
  }
  if (isNested(value)) {
    return Object.entries(value as Document)
      .map(([name, entry]) => {
        if (!isNested(entry)) return `${pad}${scalar(name)}: ${scalar(entry)}\n`;
        const inner = Array.isArray(entry) ? toYaml(entry, indent) : toYaml(entry, indent + 1);
        return inner.trim() === "[]" ? `${pad}${scalar(name)}: []\n` : `${pad}${scalar(name)}:\n${inner}`;
      })
      .join("");
  }
  return `${pad}${scalar(value)}\n`;
}

function isNested(value: unknown): boolean {
  return value !== null && typeof value === "object";
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return value === null || value === undefined ? "null" : JSON.stringify(value);
  const plain =
    /^[A-Za-z_./~][\w .\-/=<>~@+,;[\]!']*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return plain && value === value.trim() ? value : JSON.stringify(value);
}
