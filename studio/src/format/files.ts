/** How a file can be shown, told by its name. */
export type FileKind = "image" | "csv" | "json" | "text" | "binary";

const IMAGES = new Set(["png", "jpg", "jpeg", "gif", "webp", "bmp", "ico"]);
const TEXTS = new Set([
  "txt",
  "log",
  "md",
  "rst",
  "py",
  "ipynb",
  "yml",
  "yaml",
  "toml",
  "cfg",
  "ini",
  "sh",
  "bat",
  "ps1",
  "r",
  "sql",
  "js",
  "ts",
  "tsx",
  "jsx",
  "css",
  "html",
  "htm",
  "xml",
  "svg",
  "dockerfile",
  "env",
  "lock",
  "jsonl",
  "ndjson",
  "c",
  "h",
  "cpp",
  "java",
  "go",
  "rs",
  "amlignore",
  "gitignore",
  "conf",
  "properties",
  "out",
  "err",
]);
const NAMED_TEXTS = new Set(["mlmodel", "license", "makefile", "dockerfile", "readme", "requirements", "conda"]);

export function extension(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function fileKind(path: string): FileKind {
  const end = extension(path);
  if (IMAGES.has(end)) return "image";
  if (end === "csv" || end === "tsv") return "csv";
  if (end === "json") return "json";
  return TEXTS.has(end) || (end === "" && NAMED_TEXTS.has(baseName(path).toLowerCase())) ? "text" : "binary";
}

/** A log that the run writes while it goes on: shown live and followed. */
export function isLog(path: string): boolean {
  return /^(azureml-logs|logs|user_logs|system_logs)\//.test(path) && /\.(txt|log|out|err)$/.test(path);
}

/** The log a reader most likely wants: the script's output, else any other log. */
export function mainLog(paths: readonly string[]): string | undefined {
  const wanted = [/^azureml-logs\/70_driver/, /^user_logs\/std_log/, /^logs\/user_log/, /^azureml-logs\/\d\d/];
  for (const pattern of wanted) {
    const found = paths.filter((path) => pattern.test(path)).sort();
    if (found.length > 0) return found[found.length - 1];
  }
  return paths.find(isLog);
}

export interface TreeNode {
  name: string;
  path: string;
  size: number | null;
  children: TreeNode[] | null;
}

/** The folders that a flat list of files makes, folders first, each level by name. */
export function fileTree(files: readonly { path: string; size?: number | null }[]): TreeNode[] {
  const top: TreeNode[] = [];
  const folders = new Map<string, TreeNode[]>([["", top]]);
  const folder = (path: string): TreeNode[] => {
    const known = folders.get(path);
    if (known) return known;
    const children: TreeNode[] = [];
    folders.set(path, children);
    folder(parentPath(path)).push({ name: baseName(path), path, size: null, children });
    return children;
  };
  for (const { path, size } of files) {
    folder(parentPath(path)).push({ name: baseName(path), path, size: size ?? null, children: null });
  }
  sortTree(top);
  return top;
}

function parentPath(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function sortTree(nodes: TreeNode[]): void {
  nodes.sort((a, b) => {
    if ((a.children === null) !== (b.children === null)) return a.children ? -1 : 1;
    return a.name.localeCompare(b.name, "en", { numeric: true });
  });
  for (const { children } of nodes) if (children) sortTree(children);
}
