"""Workspaces."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import Workspace
from zaffre.core.wire import Page, WorkspaceAnswer, WorkspaceCreate, WorkspacePatch
from zaffre.server.api.answers import After, Asker, Limit, answer, api_router, empty, page
from zaffre.server.api.parts import PartsOf
from zaffre.server.store import workspaces

router = api_router("/workspaces", "workspaces")


@router.get("", response_model=Page[Workspace])
def list_workspaces(parts: PartsOf, asker: Asker, limit: Limit = None, after: After = None) -> Response:
    """Those the asker may use, by name."""
    found = parts.store.read(workspaces.list_all)
    mine = [one for one in found if asker.workspace in (None, one.name)]
    return answer(page(mine, limit, after))


@router.post("", response_model=WorkspaceAnswer)
def create_workspace(body: WorkspaceCreate, parts: PartsOf) -> Response:
    made, created = parts.workspaces.create(body)
    return answer(WorkspaceAnswer(workspace=made, created=created))


@router.get("/{ws}", response_model=WorkspaceAnswer)
def get_workspace(ws: str, parts: PartsOf, asker: Asker, create: bool = False) -> Response:
    """With `create`, an embedded server makes the workspace if it is not there; not for a reader."""
    make = create and asker.role != "reader"
    found, created = parts.workspaces.get_or_create(ws) if make else (parts.workspaces.get(ws), False)
    return answer(WorkspaceAnswer(workspace=found, created=created))


@router.patch("/{ws}", response_model=Workspace)
def change_workspace(ws: str, body: WorkspacePatch, parts: PartsOf) -> Response:
    return answer(parts.workspaces.change(ws, body))


@router.delete("/{ws}", status_code=204)
def delete_workspace(ws: str, parts: PartsOf) -> Response:
    parts.workspaces.delete(ws)
    parts.credentials.forget_workspace(ws)
    return empty()
