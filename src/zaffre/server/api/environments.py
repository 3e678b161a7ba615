"""Named environments and their versions."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import EnvironmentVersion
from zaffre.core.wire import EnvironmentCreate, LabelsPut, Page
from zaffre.server.api.answers import After, Limit, answer, empty, page, workspace_router
from zaffre.server.api.parts import PartsOf

router = workspace_router("/environments", "environments")


@router.get("", response_model=Page[EnvironmentVersion])
def list_environments(ws: str, parts: PartsOf, limit: Limit = None, after: After = None) -> Response:
    """The newest version of each, by name."""
    return answer(page(parts.environments.latest(ws), limit, after))


@router.post("/{name}", response_model=EnvironmentVersion)
def register_environment(ws: str, name: str, body: EnvironmentCreate, parts: PartsOf) -> Response:
    """The version that has this content already, or a new one."""
    return answer(parts.environments.register(ws, name, body.definition, body.version))


@router.get("/{name}", response_model=EnvironmentVersion)
def get_environment(
    ws: str, name: str, parts: PartsOf, version: str | None = None, label: str | None = None
) -> Response:
    return answer(parts.environments.get(ws, name, version, label))


@router.get("/{name}/versions", response_model=Page[EnvironmentVersion])
def list_environment_versions(ws: str, name: str, parts: PartsOf, limit: Limit = None, after: After = None) -> Response:
    return answer(page(parts.environments.versions(ws, name), limit, after))


@router.put("/{name}/versions/{version}/labels", response_model=EnvironmentVersion)
def label_environment(ws: str, name: str, version: str, body: LabelsPut, parts: PartsOf) -> Response:
    return answer(parts.environments.label(ws, name, version, body.labels))


@router.delete("/{name}/versions/{version}", status_code=204)
def delete_environment(ws: str, name: str, version: str, parts: PartsOf) -> Response:
    """Runs and services that name it go on: each keeps the definition it was made with."""
    parts.environments.delete(ws, name, version)
    return empty()
