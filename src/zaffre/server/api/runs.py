"""Runs: submitted, interactive and MLflow's."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from zaffre.core.entities import Run, ScriptSpec
from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.core.states import RunStatus
from zaffre.core.wire import (
    ChildrenCreate,
    HeartbeatAnswer,
    Page,
    RunCreate,
    RunEvent,
    RunPatch,
    TokenCreated,
)
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
from zaffre.server.api.events import STOP
from zaffre.server.api.parts import PartsOf
from zaffre.server.api.values import finite
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.run_search import RunQuery

router = workspace_router("", "runs")


@router.post("/experiments/{name}/runs", response_model=Run)
def create_run(ws: str, name: str, body: RunCreate, parts: PartsOf, asker: Asker) -> Response:
    """Start an interactive run, or with a `spec` submit one: it is then taken up by its target."""
    experiment = parts.tracking.get_experiment_by_name(ws, name)
    return answer(finite(parts.submissions.create(ws, experiment.id, body, created_by=asker.name)))


@router.get("/runs", response_model=Page[Run])
def list_runs(
    ws: str,
    parts: PartsOf,
    asker: Asker,
    experiment: str | None = None,
    status: Annotated[list[RunStatus] | None, Query()] = None,
    type: Annotated[list[str] | None, Query()] = None,
    tag: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    property: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    parent: str | None = None,
    target: str | None = None,
    include_children: bool = False,
    archived: bool = False,
    filter: Annotated[str | None, Query(description="MLflow's search grammar")] = None,
    order: Annotated[list[str] | None, Query(description="such as `metrics.loss DESC`")] = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """The newest first unless ordered otherwise. Children are left out unless asked for."""
    if experiment is not None:
        parts.permissions.check(asker, ws, Deed.READ, [Thing(Kind.EXPERIMENT_NAME, experiment)])
    known = None if experiment is None else parts.tracking.get_experiment_by_name(ws, experiment)
    query = RunQuery(
        experiment_ids=None if known is None else [known.id],
        filter=parse_filter(filter, RUNS),
        order=parse_order_by(order or [], RUNS),
        newest=not order,
        view="archived" if archived else "active",
        statuses=status,
        types=type,
        tags=pair_filters(tag),
        properties=pair_filters(property),
        parent_id=parent,
        top_level=parent is None and not include_children,
        target=target,
        hidden=parts.permissions.hidden_experiments(asker, ws),
    )
    parts.workspaces.get(ws)
    result = found(parts.tracking.search_runs(ws, query, limit=limit or MAX_PAGE, after=after))
    return answer(Page(items=[finite(run) for run in result.items], next=result.next))


@router.get("/runs/{run_id}", response_model=Run)
def get_run(ws: str, run_id: str, parts: PartsOf) -> Response:
    return answer(finite(parts.tracking.get_run(ws, run_id)))


@router.patch("/runs/{run_id}", response_model=Run)
def change_run(ws: str, run_id: str, body: RunPatch, parts: PartsOf) -> Response:
    return answer(finite(parts.tracking.update_run(ws, run_id, body)))


@router.delete("/runs/{run_id}", status_code=204)
def delete_run(ws: str, run_id: str, parts: PartsOf) -> Response:
    """Mark a run as deleted; `restore` takes it back."""
    parts.tracking.delete_run(ws, run_id)
    return empty()


@router.post("/runs/{run_id}/restore", response_model=Run)
def restore_run(ws: str, run_id: str, parts: PartsOf) -> Response:
    return answer(finite(parts.tracking.restore_run(ws, run_id)))


@router.post("/runs/{run_id}/cancel", response_model=Run)
def cancel_run(ws: str, run_id: str, parts: PartsOf, asker: Asker) -> Response:
    reason = f"canceled by {asker.name}" if asker.name else ""
    return answer(finite(parts.tracking.cancel_run(ws, run_id, reason=reason)))


@router.get("/runs/{run_id}/spec", response_model=ScriptSpec)
def get_run_spec(ws: str, run_id: str, parts: PartsOf) -> Response:
    return answer(parts.tracking.run_spec(ws, run_id))


@router.post("/runs/{run_id}/heartbeat", response_model=HeartbeatAnswer)
async def beat(ws: str, run_id: str, parts: PartsOf, wait: float = Query(default=0, ge=0, le=60)) -> Response:
    """The runner lives; the answer says whether it should stop: as soon as it should, at the latest after `wait` s."""
    until = time.monotonic() + wait
    while True:
        mark = parts.notifier.mark()
        told = await run_in_threadpool(parts.tracking.heartbeat, ws, run_id)
        left = until - time.monotonic()
        if told.cancel or left <= 0:
            return answer(told)
        news = await parts.notifier.wait({STOP, f"run:{run_id}"}, since=mark, timeout=left)
        if STOP in news or not news:
            return answer(told)


@router.post("/runs/{run_id}/children", response_model=list[Run])
def create_children(ws: str, run_id: str, body: ChildrenCreate, parts: PartsOf, asker: Asker) -> Response:
    return answer(parts.tracking.create_children(ws, run_id, body, created_by=asker.name))


@router.get("/runs/{run_id}/events", response_model=list[RunEvent])
def list_run_events(ws: str, run_id: str, parts: PartsOf) -> Response:
    """The history of a run's states, the oldest first."""
    return answer(parts.tracking.run_events(ws, run_id))


@router.post("/runs/{run_id}/token", response_model=TokenCreated)
def create_run_token(ws: str, run_id: str, parts: PartsOf, asker: Asker) -> Response:
    """A token for the run's own script: it acts in this workspace only, and cannot make tokens for people."""
    parts.tracking.get_run(ws, run_id)
    token, expires_at = parts.credentials.mint_for_run(asker, ws, run_id)
    return answer(TokenCreated(token=token, expires_at=expires_at))
