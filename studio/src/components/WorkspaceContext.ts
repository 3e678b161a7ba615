import { createContext, useContext } from "react";

export const WorkspaceContext = createContext("default");

/** The name of the workspace that the page shows. */
export function useWorkspace(): string {
  return useContext(WorkspaceContext);
}
