"""What runs and services really got as their environments: told by those who prepare them, kept with the lock."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from zaffre.core.entities import EnvironmentUse
from zaffre.core.errors import InvalidValue, NotFound
from zaffre.core.wire import Page
from zaffre.environments.lock import key_of
from zaffre.server.api.answers import MAX_PAGE, Asker, answer, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.store import environment_uses

router = workspace_router("", "environments")


@router.put("/runs/{run_id}/environment", response_model=EnvironmentUse)
def put_environment_of_run(ws: str, run_id: str, body: EnvironmentUse, parts: PartsOf) -> Response:
    """What the run's supervisor built or found; once told, it stands in the place of what was told before."""
    _check(body)
    parts.store.write(lambda connection: environment_uses.put_for_run(connection, ws, run_id, body))
    return get_environment_of_run(ws, run_id, parts)


@router.get("/runs/{run_id}/environment", response_model=EnvironmentUse)
def get_environment_of_run(ws: str, run_id: str, parts: PartsOf) -> Response:
    """The lock that the run was built from, and how long that took. 404 for a run that has prepared none."""
    found = parts.store.read(lambda connection: environment_uses.of_run(connection, ws, run_id))
    if found is None:
        raise NotFound(f"The run {run_id} has no environment: it was not submitted, or is not prepared yet.")
    return answer(found)


@router.put("/services/{name}/environment", response_model=EnvironmentUse)
def put_environment_of_service(ws: str, name: str, body: EnvironmentUse, parts: PartsOf) -> Response:
    """What the supervisor of the service built or found for the `revision` in the body."""
    if body.revision is None:
        raise InvalidValue("Name the revision of the service that has this environment.")
    _check(body)
    parts.store.write(lambda connection: environment_uses.put_for_service(connection, ws, name, body))
    return get_environment_of_service(ws, name, parts, body.revision)


@router.get("/services/{name}/environment", response_model=EnvironmentUse)
def get_environment_of_service(
    ws: str, name: str, parts: PartsOf, revision: Annotated[int | None, Query(ge=0, lt=2**63)] = None
) -> Response:
    """Of a revision, by default of the newest that was prepared."""
    found = parts.store.read(lambda connection: environment_uses.of_service(connection, ws, name, revision))
    if found is None:
        which = "" if revision is None else f"revision {revision} of "
        raise NotFound(f"No environment of {which}the service {name} was prepared yet.")
    return answer(found)


def _check(use: EnvironmentUse) -> None:
    """Locks are shared by their keys, so a key must be that of its content."""
    if use.lock is not None and key_of(use.lock) != use.lock.key:
        raise InvalidValue(f"The key {use.lock.key!r} is not that of the lock's content.")


@router.get("/environments/{name}/uses", response_model=Page[EnvironmentUse])
def list_environment_uses(
    ws: str, name: str, parts: PartsOf, asker: Asker, limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100
) -> Response:
    """The runs and services that used an environment of that name, the newest first."""
    found = parts.store.read(lambda connection: environment_uses.of_environment(connection, ws, name, limit))
    hidden = parts.permissions.hidden_runs(asker, ws, [use.run_id for use in found if use.run_id])
    return answer(Page(items=[use for use in found if use.run_id not in hidden]))
