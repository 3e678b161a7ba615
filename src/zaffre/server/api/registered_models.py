"""Registered models as wholes: description, tags and aliases. Their versions stand in ``models``."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import RegisteredModel
from zaffre.core.names import check_alias
from zaffre.core.registry_wire import AliasPut, RegisteredModelPatch
from zaffre.core.wire import Page
from zaffre.server.api.answers import MAX_PAGE, After, Asker, Limit, answer, empty, found, workspace_router
from zaffre.server.api.parts import PartsOf

router = workspace_router("/registered-models", "models")


@router.get("", response_model=Page[RegisteredModel])
def list_registered_models(ws: str, parts: PartsOf, asker: Asker, limit: Limit = None, after: After = None) -> Response:
    """By name, also those without a version."""
    parts.workspaces.get(ws)
    hidden = parts.permissions.hidden_models(asker, ws)
    return answer(found(parts.models.search(ws, (), limit=limit or MAX_PAGE, after=after, hidden=hidden)))


@router.get("/{name}", response_model=RegisteredModel)
def get_registered_model(ws: str, name: str, parts: PartsOf) -> Response:
    return answer(parts.models.get(ws, name))


@router.patch("/{name}", response_model=RegisteredModel)
def change_registered_model(ws: str, name: str, body: RegisteredModelPatch, parts: PartsOf) -> Response:
    changed = parts.models.change(
        ws, name, description=body.description, tags=body.tags, remove_tags=body.remove_tags or ()
    )
    return answer(changed)


@router.delete("/{name}", status_code=204)
def delete_registered_model(ws: str, name: str, parts: PartsOf) -> Response:
    """With all its versions and their files; refused while a live service uses one."""
    parts.models.delete(ws, name)
    return empty()


@router.put("/{name}/aliases/{alias}", response_model=RegisteredModel)
def put_model_alias(ws: str, name: str, alias: str, body: AliasPut, parts: PartsOf) -> Response:
    """Point an alias at a version; it moves here from the version that had it."""
    parts.models.set_alias(ws, name, check_alias(alias), body.version)
    return answer(parts.models.get(ws, name))


@router.delete("/{name}/aliases/{alias}", status_code=204)
def delete_model_alias(ws: str, name: str, alias: str, parts: PartsOf) -> Response:
    """Forget an alias; one that is not there is no error."""
    parts.models.remove_alias(ws, name, alias)
    return empty()
