import { Toast, ToastBody, ToastTitle, useToastController } from "@fluentui/react-components";
import { useCallback, useMemo } from "react";

import { errorSentence } from "../api/client";

export const TOASTER = "studio";

/** Short messages about what an action did: `done("Deleted run x")`, `failed("The run was not deleted", error)`. */
export function useNotify() {
  const { dispatchToast } = useToastController(TOASTER);
  const done = useCallback(
    (title: string, body?: string) =>
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
          {body ? <ToastBody>{body}</ToastBody> : null}
        </Toast>,
        { intent: "success", timeout: 4000 },
      ),
    [dispatchToast],
  );
  const failed = useCallback(
    (title: string, error: unknown) =>
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
          <ToastBody>{errorSentence(error)}</ToastBody>
        </Toast>,
        { intent: "error", timeout: 10_000 },
      ),
    [dispatchToast],
  );
  return useMemo(() => ({ done, failed }), [done, failed]);
}
