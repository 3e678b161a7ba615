import { Toaster } from "@fluentui/react-components";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState, useSyncExternalStore } from "react";

import { ApiError } from "../api/client";
import { signedOut } from "../api/session";
import { TOASTER } from "../components/notify";
import { SignIn } from "../components/SignIn";
import { ThemeProvider } from "../components/theme";
import { createStudioRouter } from "./router";

/** What the server refused stays refused; only what got no answer is tried again. */
function worthRetrying(failures: number, error: unknown): boolean {
  return failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502);
}

function createClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 10_000, retry: worthRetrying, refetchOnWindowFocus: true },
    },
  });
}

export function App() {
  const [client] = useState(createClient);
  const [router] = useState(() => createStudioRouter(client));
  const [spent] = useState(() => new URLSearchParams(window.location.search).get("signin") === "spent");
  const locked = useSyncExternalStore(signedOut.subscribe, signedOut.get);
  return (
    <ThemeProvider>
      <QueryClientProvider client={client}>
        {locked ? <SignIn spent={spent} /> : <RouterProvider router={router} />}
        <Toaster toasterId={TOASTER} position="bottom-end" />
      </QueryClientProvider>
    </ThemeProvider>
  );
}
