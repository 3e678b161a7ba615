// @vitest-environment jsdom
import { http, HttpResponse } from "msw";
import { describe, expect, it } from "vitest";

import { ApiError, encodePath, request, withQuery, workspacePath } from "./client";
import { mockServer } from "./mock_server";
import { signedOut } from "./session";

const ADDRESS = "*/api/v1/workspaces/lab/runs";
const PATH = `${workspacePath("lab")}/runs`;

async function refusal(): Promise<ApiError> {
  const error: unknown = await request(PATH).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a request", () => {
  it("answers the JSON of the body and sends the query", async () => {
    mockServer.use(http.get(ADDRESS, ({ request: sent }) => HttpResponse.json({ asked: new URL(sent.url).search })));
    await expect(request(PATH, { query: { limit: 5, after: null, tag: "", filter: "a = 'b'" } })).resolves.toEqual({
      asked: "?limit=5&filter=a+%3D+%27b%27",
    });
  });

  it("answers nothing for an empty body", async () => {
    mockServer.use(http.delete(ADDRESS, () => new HttpResponse(null, { status: 204 })));
    await expect(request(PATH, { method: "DELETE" })).resolves.toBeUndefined();
  });

  it("raises the server's own sentence", async () => {
    const error = { code: "NotFound", message: "There is no run x.", facts: { run_id: "x" } };
    mockServer.use(http.get(ADDRESS, () => HttpResponse.json({ error }, { status: 404 })));
    expect(await refusal()).toMatchObject({ message: "There is no run x.", status: 404, code: "NotFound" });
  });

  it("says the status when the answer is not the server's", async () => {
    mockServer.use(http.get(ADDRESS, () => new HttpResponse("<html>", { status: 502, statusText: "Bad Gateway" })));
    expect((await refusal()).message).toBe("The server answered 502 Bad Gateway");
  });

  it("says how to start a server that does not answer", async () => {
    mockServer.use(http.get(ADDRESS, () => HttpResponse.error()));
    const error = await refusal();
    expect(error.message).toContain("`zaffre up`");
    expect(error.status).toBe(0);
  });

  it("leads to the sign-in page after a 401, and only then", async () => {
    mockServer.use(http.get(ADDRESS, () => HttpResponse.json({}, { status: 403 })));
    await refusal();
    expect(signedOut.get()).toBe(false);
    mockServer.use(http.get(ADDRESS, () => HttpResponse.json({}, { status: 401 })));
    await refusal();
    expect(signedOut.get()).toBe(true);
  });
});

describe("addresses", () => {
  it("encode names and keep the slashes of paths", () => {
    expect(workspacePath("a b")).toBe("/api/v1/workspaces/a%20b");
    expect(encodePath("outputs/50 %/ä?.txt")).toBe("outputs/50%20%25/%C3%A4%3F.txt");
    expect(withQuery("/x", {})).toBe("/x");
  });
});
