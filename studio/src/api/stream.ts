import { ApiError, send, withQuery, workspacePath } from "./client";
import { Signal } from "./session";
import { EventParser, type ServerEvent } from "./sse";

/** What a part of a page wants to hear about. One tab holds one stream for all of them. */
export interface Topics {
  run?: string;
  /** Only points that are logged from now on: the older ones are read with the charts. */
  new_points?: boolean;
  log?: string;
  /** Bytes of the log that are known. */
  log_offset?: number;
  service?: string;
  runs?: boolean;
}

export type StreamState = "idle" | "connecting" | "live" | "waiting";

type Listener = (event: ServerEvent) => void;

const RETRY_MS = [500, 1000, 2000, 5000, 10_000];

/**
 * The one event stream of this tab. The union of all subscriptions makes its address; when it changes, the stream is
 * opened anew; when it breaks, it is resumed with `Last-Event-ID`. A hidden tab lets go of it after a while, since a
 * browser holds only six connections to a server, and resumes where it stopped.
 */
export class StreamHub {
  readonly state = new Signal<StreamState>("idle");
  private readonly subscriptions = new Map<Listener, Topics>();
  private address = "";
  private lastId = "";
  private control: AbortController | null = null;
  private retries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private paused = false;

  constructor(private readonly workspace: string) {}

  /**
   * The listener hears every event of the tab's stream, and an event `open` of our own when it was opened anew, not
   * resumed: what was read before may have missed something then.
   */
  subscribe(topics: Topics, listener: Listener): () => void {
    this.subscriptions.set(listener, topics);
    if (!this.paused && this.wanted() !== this.address) this.state.set("connecting");
    this.schedule(20);
    return () => {
      this.subscriptions.delete(listener);
      this.schedule(20);
    };
  }

  /** Let go of the connection, or resume it. */
  pause(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    if (paused) this.close();
    else this.connect();
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), delay);
  }

  private wanted(): string {
    const topics: Topics = Object.assign({}, ...this.subscriptions.values()) as Topics;
    if (Object.keys(topics).length === 0) return "";
    return withQuery(`${workspacePath(this.workspace)}/stream`, { ...topics });
  }

  private connect(): void {
    clearTimeout(this.timer);
    const wanted = this.wanted();
    if (this.paused || (wanted === this.address && this.control)) return;
    if (wanted !== this.address) this.lastId = "";
    this.close();
    this.address = wanted;
    if (wanted) void this.read(wanted);
    else this.state.set("idle");
  }

  private close(): void {
    clearTimeout(this.timer);
    this.control?.abort();
    this.control = null;
  }

  private async read(address: string): Promise<void> {
    const control = new AbortController();
    this.control = control;
    // A stream that broke is waited for until it is back, however often it is tried.
    if (this.state.get() !== "waiting") this.state.set("connecting");
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.lastId) headers["Last-Event-ID"] = this.lastId;
      const response = await send(address, { headers, signal: control.signal });
      if (!response.body) throw new ApiError("The stream has no body.", 0, "ServerUnavailable");
      if (!this.lastId) this.tell({ id: "", event: "open", data: "" });
      this.state.set("live");
      await this.follow(response.body, control.signal);
    } catch (error) {
      if (control.signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) return;
    }
    if (control.signal.aborted) return;
    this.control = null;
    this.state.set("waiting");
    const delay = RETRY_MS[Math.min(this.retries, RETRY_MS.length - 1)] ?? 1000;
    this.retries += 1;
    this.schedule(delay);
  }

  private async follow(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.retries = 0;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        if (event.id) this.lastId = event.id;
        this.tell(event);
      }
    }
  }

  private tell(event: ServerEvent): void {
    for (const listener of [...this.subscriptions.keys()]) listener(event);
  }
}
