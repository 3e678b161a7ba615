import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";

import { signedOut } from "./session";

/** The network of the tests that import it: each test says what the server answers; a request nobody expects is a failure. */
export const mockServer = setupServer();

beforeAll(() => mockServer.listen({ onUnhandledFrame: "error" }));
afterEach(() => {
  mockServer.resetHandlers();
  signedOut.set(false);
});
afterAll(() => mockServer.close());
