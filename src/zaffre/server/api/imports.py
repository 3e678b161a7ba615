"""What was made on another server, taken over with its ids and times; for users and administrators, not for runs."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import Experiment, RegisteredModel
from zaffre.core.imports import (
    ExperimentImport,
    LoggedModelImport,
    LoggedModelImported,
    ModelVersionImport,
    ModelVersionImported,
    RegisteredModelImport,
    RunImport,
    RunImported,
    RunImportEnd,
    TraceImport,
    TraceImported,
)
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api.answers import Asker, answer, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.api.values import finite, finite_model
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.tokens import Principal

router = workspace_router("/imports", "imports")


@router.put("/experiment", response_model=Experiment)
def import_experiment(ws: str, body: ExperimentImport, parts: PartsOf, asker: Asker) -> Response:
    _check_experiment(parts, asker, ws, body.name)
    return answer(parts.tracking.import_experiment(ws, body, maker=asker.user_pk))


@router.put("/runs/{run_id}", response_model=RunImported)
def import_run(ws: str, run_id: str, body: RunImport, parts: PartsOf, asker: Asker) -> Response:
    """The run is made, or found if it is the same: `created` tells. Another run with this id is a conflict."""
    _check_experiment(parts, asker, ws, body.experiment)
    return answer(_finite(parts.tracking.import_run(ws, run_id, body)))


@router.put("/runs/{run_id}/end", response_model=RunImported)
def end_import_of_run(ws: str, run_id: str, body: RunImportEnd, parts: PartsOf) -> Response:
    return answer(_finite(parts.tracking.end_import_of_run(ws, run_id, body)))


@router.put("/logged-models/{model_id}", response_model=LoggedModelImported)
def import_logged_model(ws: str, model_id: str, body: LoggedModelImport, parts: PartsOf, asker: Asker) -> Response:
    _check_experiment(parts, asker, ws, body.experiment)
    found = parts.tracking.import_logged_model(ws, model_id, body)
    return answer(LoggedModelImported(model=finite_model(found.model), created=found.created))


@router.put("/traces/{trace_id}", response_model=TraceImported)
def import_trace(ws: str, trace_id: str, body: TraceImport, parts: PartsOf, asker: Asker) -> Response:
    """The trace is made, or takes what is given if it is the same: `created` tells."""
    _check_experiment(parts, asker, ws, body.experiment)
    return answer(parts.tracking.import_trace(ws, trace_id, body))


@router.put("/registered-model", response_model=RegisteredModel)
def import_registered_model(ws: str, body: RegisteredModelImport, parts: PartsOf, asker: Asker) -> Response:
    parts.permissions.check(asker, ws, Deed.EDIT, [Thing(Kind.MODEL, body.name)])
    return answer(parts.imports.model(ws, body, maker=asker.user_pk))


@router.put("/model-version", response_model=ModelVersionImported)
def import_model_version(ws: str, body: ModelVersionImport, parts: PartsOf, asker: Asker) -> Response:
    parts.permissions.check(asker, ws, Deed.EDIT, [Thing(Kind.MODEL, body.name)])
    sources = [] if body.run_id is None else [Thing(Kind.RUN, body.run_id)]
    sources += [] if body.logged_model_id is None else [Thing(Kind.LOGGED_MODEL, body.logged_model_id)]
    parts.permissions.check(asker, ws, Deed.READ, sources)
    return answer(parts.imports.version(ws, body, maker=asker.user_pk))


def _check_experiment(parts: Parts, asker: Principal, ws: str, name: str) -> None:
    parts.permissions.check(asker, ws, Deed.EDIT, [Thing(Kind.EXPERIMENT_NAME, name)])


def _finite(found: RunImported) -> RunImported:
    return RunImported(run=finite(found.run), created=found.created)
