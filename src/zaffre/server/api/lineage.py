"""What a run read, what it made, and which runs it started."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from zaffre.core.errors import NotFound
from zaffre.core.wire import ModelMade, RunLineage
from zaffre.server.api.answers import MAX_PAGE, Asker, answer, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.api.values import finite_model
from zaffre.server.store import logged_models, runs

router = workspace_router("", "lineage")


@router.get("/runs/{run_id}/lineage", response_model=RunLineage)
def get_run_lineage(ws: str, run_id: str, parts: PartsOf, asker: Asker) -> Response:
    """The data sets and logged models that a run read, and the logged models it made."""
    linked = parts.tracking.run_links(ws, [run_id]).get(run_id)
    if linked is None:
        raise NotFound(f"Run {run_id!r} not found in workspace {ws!r}.", run_id=run_id)
    wanted = [*linked.models, *(made.model_id for made in linked.outputs)]
    hidden = set(parts.permissions.hidden_experiments(asker, ws))
    known = {
        model.id: finite_model(model)
        for model in parts.store.read(lambda connection: logged_models.among(connection, ws, wanted))
        if model.experiment_id not in hidden
    }
    return answer(
        RunLineage(
            datasets=linked.datasets,
            inputs=[known[model_id] for model_id in linked.models if model_id in known],
            outputs=[
                ModelMade(model=known[made.model_id], step=made.step)
                for made in linked.outputs
                if made.model_id in known
            ],
        )
    )


@router.get("/child-counts", response_model=dict[str, int])
def count_children(
    ws: str, parts: PartsOf, asker: Asker, run: Annotated[list[str], Query(max_length=MAX_PAGE)]
) -> Response:
    """How many children each of these runs has that are not deleted; runs without any are left out."""
    hidden = parts.permissions.hidden_runs(asker, ws, run)
    shown = [run_id for run_id in run if run_id not in hidden]
    return answer(parts.store.read(lambda connection: runs.child_counts(connection, ws, shown)))
