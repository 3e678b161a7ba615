"""Who may do what with an experiment or a registered model, where that is not what the users' roles say."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.permissions import Permission, PermissionPut
from zaffre.core.wire import Page
from zaffre.server.api.answers import After, Asker, Limit, answer, empty, page, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.store.permissions import Kind, Thing

router = workspace_router("", "permissions")


@router.get("/experiments/{name}/permissions", response_model=Page[Permission])
def list_experiment_permissions(
    ws: str, name: str, parts: PartsOf, asker: Asker, limit: Limit = None, after: After = None
) -> Response:
    """By the names of the users; for who may manage the experiment."""
    return answer(page(parts.permissions.list_on(asker, ws, Thing(Kind.EXPERIMENT_NAME, name)), limit, after))


@router.put("/experiments/{name}/permissions/{user}", response_model=Permission)
def put_experiment_permission(
    ws: str, name: str, user: str, body: PermissionPut, parts: PartsOf, asker: Asker
) -> Response:
    """Grant NO_PERMISSIONS, READ, USE, EDIT or MANAGE in the place of what the user had there."""
    return answer(parts.permissions.grant(asker, ws, Thing(Kind.EXPERIMENT_NAME, name), user, body.level))


@router.delete("/experiments/{name}/permissions/{user}", status_code=204)
def delete_experiment_permission(ws: str, name: str, user: str, parts: PartsOf, asker: Asker) -> Response:
    """From now on the user's role decides there."""
    parts.permissions.revoke(asker, ws, Thing(Kind.EXPERIMENT_NAME, name), user)
    return empty()


@router.get("/models/{name}/permissions", response_model=Page[Permission])
def list_model_permissions(
    ws: str, name: str, parts: PartsOf, asker: Asker, limit: Limit = None, after: After = None
) -> Response:
    """By the names of the users; for who may manage the registered model."""
    return answer(page(parts.permissions.list_on(asker, ws, Thing(Kind.MODEL, name)), limit, after))


@router.put("/models/{name}/permissions/{user}", response_model=Permission)
def put_model_permission(ws: str, name: str, user: str, body: PermissionPut, parts: PartsOf, asker: Asker) -> Response:
    """Grant NO_PERMISSIONS, READ, USE, EDIT or MANAGE in the place of what the user had there."""
    return answer(parts.permissions.grant(asker, ws, Thing(Kind.MODEL, name), user, body.level))


@router.delete("/models/{name}/permissions/{user}", status_code=204)
def delete_model_permission(ws: str, name: str, user: str, parts: PartsOf, asker: Asker) -> Response:
    """From now on the user's role decides there."""
    parts.permissions.revoke(asker, ws, Thing(Kind.MODEL, name), user)
    return empty()
