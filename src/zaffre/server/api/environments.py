"""Named environments and their versions."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import EnvironmentVersion, Run
from zaffre.core.environment_wire import EnvironmentBuild, EnvironmentExplanation
from zaffre.core.wire import EnvironmentCreate, LabelsPut, Page
from zaffre.server.api.answers import MAX_PAGE, After, Asker, Limit, answer, empty, found, page, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.registry.explanations import explained

router = workspace_router("/environments", "environments")


@router.get("", response_model=Page[EnvironmentVersion])
def list_environments(
    ws: str, parts: PartsOf, curated: bool = False, limit: Limit = None, after: After = None
) -> Response:
    """The newest version of each, by name; with `curated` those too that exist without being registered."""
    return answer(page(parts.environments.latest(ws, with_curated=curated), limit, after))


@router.post("/{name}", response_model=EnvironmentVersion)
def register_environment(ws: str, name: str, body: EnvironmentCreate, parts: PartsOf) -> Response:
    """The version that has this content already, or a new one."""
    return answer(parts.environments.register(ws, name, body.definition, body.version))


@router.get("/{name}", response_model=EnvironmentVersion)
def get_environment(
    ws: str, name: str, parts: PartsOf, version: str | None = None, label: str | None = None
) -> Response:
    return answer(parts.environments.get(ws, name, version, label))


@router.get("/{name}/explanation", response_model=EnvironmentExplanation)
def explain_environment(
    ws: str, name: str, parts: PartsOf, version: str | None = None, label: str | None = None
) -> Response:
    """What it asks for, what that is on the server's machine, and why it was last built; nothing is built."""
    asked = parts.environments.get(ws, name, version, label)
    return answer(explained(asked, parts.settings.home))


@router.get("/{name}/builds", response_model=Page[Run])
def list_environment_builds(ws: str, name: str, parts: PartsOf, limit: Limit = None, after: After = None) -> Response:
    """The runs that built it ahead of its use, the newest first; each keeps its log."""
    parts.workspaces.get(ws)
    return answer(found(parts.builds.of(ws, name, limit=limit or MAX_PAGE, after=after)))


@router.post("/{name}/builds", response_model=Run)
def build_environment(ws: str, name: str, body: EnvironmentBuild, parts: PartsOf, asker: Asker) -> Response:
    """Build it on a compute target, so that the next run there finds it. The answer is the run that does it: its log is
    `azureml-logs/20_image_build_log.txt`, and canceling it ends the build."""
    return answer(parts.builds.start(ws, name, body, created_by=asker.name))


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
