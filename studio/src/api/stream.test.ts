import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { signedOut } from "./session";
import type { ServerEvent } from "./sse";
import { StreamHub } from "./stream";

/** A server of streams: every opened one is kept, and can be written to and broken. */
class Streams {
  readonly opened: { url: URL; lastId: string | undefined; write: (text: string) => void; end: () => void }[] = [];
  status = 200;
  private readonly server: Server = createServer((request, response) => this.open(request, response));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const { port } = this.server.address() as AddressInfo;
    vi.stubGlobal("window", { location: { origin: `http://127.0.0.1:${port}` } });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private open(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(this.status, { "Content-Type": "text/event-stream" });
    if (this.status !== 200) {
      response.end("{}");
      return;
    }
    response.flushHeaders();
    this.opened.push({
      url: new URL(request.url ?? "", "http://x"),
      lastId: request.headers["last-event-id"] as string | undefined,
      write: (text) => response.write(text),
      end: () => response.end(),
    });
  }

  async nth(n: number) {
    return vi.waitFor(
      () => {
        const stream = this.opened[n];
        if (!stream) throw new Error(`the stream ${n} is not open`);
        return stream;
      },
      { timeout: 10_000 },
    );
  }
}

let hub: StreamHub;
let streams: Streams;

function listening(topics: Parameters<StreamHub["subscribe"]>[0]) {
  const heard: ServerEvent[] = [];
  const stop = hub.subscribe(topics, (event) => heard.push(event));
  return { heard, stop };
}

beforeEach(async () => {
  streams = new Streams();
  await streams.start();
});

afterEach(() => {
  hub.pause(true);
  streams.stop();
  signedOut.set(false);
  vi.unstubAllGlobals();
});

describe("the stream of a tab", () => {
  it("is one for all subscriptions", async () => {
    hub = new StreamHub("lab");
    const run = listening({ run: "r1", new_points: true });
    const list = listening({ runs: true });
    const stream = await streams.nth(0);
    expect(Object.fromEntries(stream.url.searchParams)).toEqual({ run: "r1", new_points: "true", runs: "true" });
    stream.write("id: a\nevent: runs\ndata: {}\n\n");
    await vi.waitFor(() => expect(list.heard.map((event) => event.event)).toEqual(["open", "runs"]));
    expect(run.heard).toEqual(list.heard);
    expect(hub.state.get()).toBe("live");
    expect(streams.opened).toHaveLength(1);
  });

  it("is resumed where it broke, without an open event", async () => {
    hub = new StreamHub("lab");
    const { heard } = listening({ run: "r1" });
    const first = await streams.nth(0);
    first.write("id: cursor-7\nevent: run\ndata: {}\n\n");
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    first.end();
    const second = await streams.nth(1);
    expect(second.lastId).toBe("cursor-7");
    second.write("id: cursor-8\nevent: run\ndata: {}\n\n");
    await vi.waitFor(() => expect(heard.map((event) => event.event)).toEqual(["open", "run", "run"]));
  });

  it("is opened anew when what is wanted changes, and let go when nothing is", async () => {
    hub = new StreamHub("lab");
    const run = listening({ run: "r1" });
    const first = await streams.nth(0);
    first.write("id: x\nevent: run\ndata: {}\n\n");
    await vi.waitFor(() => expect(run.heard).toHaveLength(2));
    const log = listening({ run: "r1", log: "a.txt", log_offset: 5 });
    const second = await streams.nth(1);
    expect(second.lastId).toBeUndefined();
    expect(second.url.searchParams.get("log_offset")).toBe("5");
    log.stop();
    run.stop();
    await vi.waitFor(() => expect(hub.state.get()).toBe("idle"));
  });

  it("is let go while the tab is hidden and resumed after", async () => {
    hub = new StreamHub("lab");
    const { heard } = listening({ run: "r1" });
    const first = await streams.nth(0);
    first.write("id: c\nevent: run\ndata: {}\n\n");
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    hub.pause(true);
    hub.pause(false);
    expect((await streams.nth(1)).lastId).toBe("c");
  });

  it("does not knock again when the session is gone", async () => {
    streams.status = 401;
    hub = new StreamHub("lab");
    listening({ run: "r1" });
    await vi.waitFor(() => expect(signedOut.get()).toBe(true));
    streams.status = 200;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(streams.opened).toHaveLength(0);
  });
});
