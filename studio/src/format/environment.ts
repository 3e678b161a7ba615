type Document = Record<string, unknown>;

function part(value: unknown, name: string): unknown {
  return value !== null && typeof value === "object" ? (value as Document)[name] : undefined;
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

/** The parsed conda document of an environment's definition, wherever its version of the format keeps it. None where
 * the interpreter is used as it is: the document then stands there unused. */
export function condaOf(definition: unknown): Document | undefined {
  if (part(part(definition, "python"), "userManagedDependencies") === true) return undefined;
  const direct = part(definition, "condaDependencies") ?? part(part(definition, "python"), "condaDependencies");
  return direct !== null && typeof direct === "object" ? (direct as Document) : undefined;
}

// What stands in the definition of every environment, and is only fetched where Docker is asked for.
const PLAIN_IMAGE = /^mcr\.microsoft\.com\/azureml\/(base|base-gpu|openmpi|intelmpi|minimal-)[^/]*/;

/** What an environment's image begins with, for people; undefined where none is asked for. */
export function imageOf(definition: unknown): string | undefined {
  const docker = part(definition, "docker");
  if (part(docker, "baseDockerfile")) return "Its Dockerfile";
  const context = part(docker, "buildContext");
  if (context) {
    const place = text(part(context, "location"), "").replace(/:\/\/[^/@]+@/, "://");
    return `${text(part(context, "dockerfilePath"), "Dockerfile")} of ${place}`;
  }
  const image = part(docker, "baseImage");
  if (typeof image !== "string" || (PLAIN_IMAGE.test(image) && part(docker, "enabled") !== true)) return undefined;
  return image;
}

/** The text of an environment's Dockerfile. */
export function dockerfileOf(definition: unknown): string | undefined {
  return text(part(part(definition, "docker"), "baseDockerfile"), "") || undefined;
}

/** The interpreter that an environment uses as it is; undefined where it has packages of its own. */
export function interpreterOf(definition: unknown): string | undefined {
  const python = part(definition, "python");
  if (part(python, "userManagedDependencies") !== true) return undefined;
  return text(part(python, "interpreterPath"), "python");
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
