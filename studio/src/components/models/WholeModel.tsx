import { useQueryClient } from "@tanstack/react-query";

import { modelKeys } from "../../api/models";
import { patchRegisteredModel } from "../../api/registered_models";
import type { RegisteredModel, RegisteredModelPatch } from "../../api/types";
import { Card } from "../Card";
import { Description } from "../runs/Description";
import { TagEditor } from "../TagEditor";

/** What is said of a model as a whole, whatever the version. */
export function WholeModel({ ws, whole }: { ws: string; whole: RegisteredModel }) {
  const client = useQueryClient();
  const change = async (patch: RegisteredModelPatch) => {
    await patchRegisteredModel(ws, whole.name, patch);
    await client.invalidateQueries({ queryKey: modelKeys.registered(ws) });
  };
  return (
    <Card title="About all versions">
      <Description text={whole.description} onChange={(description) => change({ description })} />
      <TagEditor tags={whole.tags} onChange={change} />
    </Card>
  );
}
