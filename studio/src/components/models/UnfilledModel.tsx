import { Box32Regular, Delete20Regular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { modelKeys } from "../../api/models";
import { deleteRegisteredModel } from "../../api/registered_models";
import type { RegisteredModel } from "../../api/types";
import { registerModel } from "../../format/snippets";
import { CodeBlock } from "../CodeBlock";
import { Columns } from "../Columns";
import { ConfirmDialog } from "../ConfirmDialog";
import { HomeCrumb, RoomCrumb } from "../crumbs";
import { useNotify } from "../notify";
import { Page } from "../Page";
import { EmptyState } from "../States";
import { WholeModel } from "./WholeModel";

/** A model that has a name and no version: clients of MLflow make it first, and others delete every version. */
export function UnfilledModel({ ws, whole }: { ws: string; whole: RegisteredModel }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const [deleting, setDeleting] = useState(false);
  const remove = async () => {
    await deleteRegisteredModel(ws, whole.name);
    notify.done(`Deleted ${whole.name}`);
    await navigate({ to: "/ws/$ws/models", params: { ws } });
    await client.invalidateQueries({ queryKey: modelKeys.all(ws) });
  };
  return (
    <Page
      title={whole.name}
      crumbs={[<HomeCrumb key="home" />, <RoomCrumb key="room" room="models" />]}
      commands={[{ id: "delete", label: "Delete model", icon: <Delete20Regular />, onClick: () => setDeleting(true) }]}
      scrolling
    >
      <Columns
        main={
          <EmptyState
            icon={<Box32Regular />}
            title="No versions yet"
            hint="The name is taken. Register a file or folder under it, and that is version 1."
          >
            <CodeBlock snippets={[{ title: "From a file", code: registerModel(ws, whole.name) }]} />
          </EmptyState>
        }
        side={<WholeModel ws={ws} whole={whole} />}
      />
      <ConfirmDialog
        open={deleting}
        title={`Delete ${whole.name}?`}
        action="Delete"
        onConfirm={remove}
        onClose={() => setDeleting(false)}
      >
        It has no versions. Its description and tags are deleted. This cannot be undone.
      </ConfirmDialog>
    </Page>
  );
}
