"""What services have collected of their inputs and predictions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from zaffre.core.codec import convert
from zaffre.core.collection_wire import CollectedData
from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import WebserviceNotFound
from zaffre.core.states import ServiceState
from zaffre.server.api import files
from zaffre.server.api.answers import answer, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.artifacts import roots
from zaffre.server.deployments import targets
from zaffre.server.deployments.collected import Wanted, collected, folders
from zaffre.server.store import datastores

router = workspace_router("/services", "services")

_MOST_FILES = 100_000


@router.get("/{name}/data", response_model=CollectedData)
def get_collected_data(
    ws: str,
    name: str,
    parts: PartsOf,
    model: str | None = None,
    designation: str | None = None,
    since: Annotated[int | None, Query(description="Files written at or after; milliseconds since 1970")] = None,
    until: Annotated[int | None, Query(description="Files begun at or before; milliseconds since 1970")] = None,
    limit: Annotated[int, Query(ge=0, le=_MOST_FILES, description="Files to list at most")] = 1000,
) -> Response:
    """Also of a service that is deleted. The files are read from their datastore. An endpoint has those of its
    versions."""
    wanted = Wanted(model=model, designation=designation, since=since, until=until)
    held = parts.store.read(lambda connection: datastores.list_all(connection, ws))
    names = [each.name for each in held]
    return answer(
        collected(parts.artifacts, parts.workspaces.get(ws), names, name, _specs(parts, ws, name), wanted, limit)
    )


@router.get("/{name}/data.zip", responses={200: files.FILE_ANSWER})
def get_collected_zip(ws: str, name: str, parts: PartsOf) -> Response:
    """All files in the default datastore."""
    workspace = parts.workspaces.get(ws)
    root = roots.datastore(ws, workspace.default_datastore)
    held = [f"{path}/" for path in folders(parts.artifacts, workspace, workspace.default_datastore, name)]
    if not any(parts.artifacts.listing(root, path) for path in held):
        raise WebserviceNotFound(f"There is no data that a service {name} in workspace {ws} collected.")
    return files.send_zip(parts.artifacts.zip(root, *held), f"{name}-data")


def _specs(parts: Parts, ws: str, name: str) -> list[ServiceSpec] | None:
    try:
        service = parts.services.get(ws, name)
    except WebserviceNotFound:
        return None
    if service.state is ServiceState.DELETED:
        return None
    serving = [service]
    if service.compute_type == targets.ENDPOINT:
        serving = [version.service for version in parts.endpoints.get(ws, name).versions]
    return [convert(one.spec, ServiceSpec, what=f"the specification of the service {one.name}") for one in serving]
