import { signedOut } from "./session";

/** The server's refusal: `message` is its own sentence, fit to be shown. Status 0: no answer at all. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export const API = "/api/v1";

/** The prefix of everything that belongs to a workspace. */
export function workspacePath(workspace: string): string {
  return `${API}/workspaces/${encodeURIComponent(workspace)}`;
}

/** A path of several segments, each encoded, the slashes kept. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

export function withQuery(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** The raw answer of a request that succeeded; raises `ApiError` for every other one. */
export async function send(path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  let body = options.body ?? null;
  if (options.json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.json);
  }
  const url = new URL(withQuery(path, options.query), window.location.origin);
  const init: RequestInit = { method: options.method ?? "GET", headers, body, credentials: "same-origin" };
  if (options.signal) init.signal = options.signal;
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(
      "The server does not answer. Start it with `zaffre up`, then try again.",
      0,
      "ServerUnavailable",
    );
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const response = await send(path, options);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function refusal(response: Response): Promise<ApiError> {
  if (response.status === 401) signedOut.set(true);
  const text = await response.text().catch(() => "");
  try {
    const { error } = JSON.parse(text) as {
      error?: { code?: string; message?: string; facts?: Record<string, unknown> };
    };
    if (error?.message) return new ApiError(error.message, response.status, error.code ?? "Error", error.facts ?? {});
  } catch {
    // Not one of the server's own sentences: a proxy between, or a crash.
  }
  const plain = text.length > 0 && text.length < 300 && !text.startsWith("<") ? `: ${text}` : "";
  return new ApiError(
    `The server answered ${response.status} ${response.statusText}${plain}`,
    response.status,
    "Error",
  );
}

/** What to show for anything that was thrown. */
export function errorSentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
