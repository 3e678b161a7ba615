/** One message of a conversation with a language model. */
export interface ChatMessage {
  role: string;
  content: string;
}

/**
 * The messages in a span's inputs or outputs, where they have the shape that chat models take or give:
 * `{"messages": [{"role", "content"}]}`, the list alone, or `{"choices": [{"message": ...}]}`. Else undefined.
 */
export function chatMessages(value: unknown): ChatMessage[] | undefined {
  if (Array.isArray(value)) return value.length > 0 ? all(value as unknown[]) : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  const { messages, choices } = value as { messages?: unknown; choices?: unknown };
  if (Array.isArray(messages)) return chatMessages(messages);
  if (!Array.isArray(choices) || choices.length === 0) return undefined;
  return all(choices.map((choice: unknown) => (choice as { message?: unknown } | null)?.message));
}

function all(values: unknown[]): ChatMessage[] | undefined {
  const found = values.map(one);
  return found.every((message) => message !== undefined) ? found : undefined;
}

function one(value: unknown): ChatMessage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { role, content, tool_calls } = value as { role?: unknown; content?: unknown; tool_calls?: unknown };
  if (typeof role !== "string") return undefined;
  const parts = [contentText(content), ...(Array.isArray(tool_calls) ? tool_calls.map(callText) : [])];
  return { role, content: parts.filter(Boolean).join("\n") };
}

function contentText(content: unknown): string {
  if (content == null) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content);
  return content
    .map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : JSON.stringify(part)))
    .join("\n");
}

function callText(call: { function?: { name?: string; arguments?: string } }): string {
  return call.function ? `${call.function.name ?? ""}(${call.function.arguments ?? ""})` : JSON.stringify(call);
}
