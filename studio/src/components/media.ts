import { useSyncExternalStore } from "react";

/** Below this width the navigation becomes a drawer and tables become cards. */
export const NARROW = "(max-width: 767px)";

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => window.matchMedia(query).matches,
  );
}

export function useNarrow(): boolean {
  return useMedia(NARROW);
}
