"""Experiments."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from zaffre.core.entities import Experiment
from zaffre.core.names import check_experiment
from zaffre.core.wire import ExperimentPatch, Page
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api.answers import (
    MAX_PAGE,
    After,
    Asker,
    Limit,
    answer,
    empty,
    found,
    pair_filters,
    workspace_router,
)
from zaffre.server.api.parts import PartsOf
from zaffre.server.artifacts import roots
from zaffre.server.store.experiments import ExperimentQuery
from zaffre.server.store.permissions import Kind, Thing

router = workspace_router("/experiments", "experiments")


@router.get("", response_model=Page[Experiment])
def list_experiments(
    ws: str,
    parts: PartsOf,
    asker: Asker,
    view: Literal["active", "archived", "all"] = "active",
    tag: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """The newest first."""
    parts.workspaces.get(ws)
    query = ExperimentQuery(view=view, tags=pair_filters(tag), hidden=parts.permissions.hidden_experiments(asker, ws))
    return answer(found(parts.tracking.search_experiments(ws, query, limit=limit or MAX_PAGE, after=after)))


@router.put("/{name}", response_model=Experiment)
def put_experiment(ws: str, name: str, parts: PartsOf, asker: Asker) -> Response:
    """The experiment of that name, made if it is not there."""
    made = parts.tracking.create_experiment(ws, check_experiment(name), exist_ok=True, maker=asker.user_pk)
    return answer(made)


@router.get("/{name}", response_model=Experiment)
def get_experiment(ws: str, name: str, parts: PartsOf) -> Response:
    return answer(parts.tracking.get_experiment_by_name(ws, name))


@router.patch("/{name}", response_model=Experiment)
def change_experiment(ws: str, name: str, body: ExperimentPatch, parts: PartsOf, asker: Asker) -> Response:
    if body.archived is not None:  # which MLflow's clients call to delete and to restore
        parts.permissions.check(asker, ws, Deed.DELETE, [Thing(Kind.EXPERIMENT_NAME, name)])
    known = parts.tracking.get_experiment_by_name(ws, name)
    return answer(
        parts.tracking.update_experiment(
            ws, known.id, tags=body.tags, remove_tags=body.remove_tags or (), archived=body.archived
        )
    )


@router.delete("/{name}", status_code=204)
def delete_experiment(ws: str, name: str, parts: PartsOf) -> Response:
    """Delete an experiment for good, with its runs, their metrics and files."""
    known = parts.tracking.get_experiment_by_name(ws, name)
    for run_id in parts.tracking.delete_experiment(ws, known.id):
        parts.artifacts.delete_root(roots.run(ws, run_id))
    return empty()
