"""The models that MLflow clients logged, with their files."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request
from starlette.responses import Response

from zaffre.core.entities import ArtifactInfo, LoggedModel
from zaffre.core.filters import LOGGED_MODELS, parse_filter, parse_order_by
from zaffre.core.wire import Page
from zaffre.server.api import files
from zaffre.server.api.answers import MAX_PAGE, After, Limit, answer, found, page, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.api.values import finite_model
from zaffre.server.artifacts import roots
from zaffre.server.store.logged_models import ModelQuery

router = workspace_router("", "logged models")

_FOLDER = "model/"  # of a logged model's root: all of its files are in it


@router.get("/experiments/{name}/logged-models", response_model=Page[LoggedModel])
def list_logged_models(
    ws: str,
    name: str,
    parts: PartsOf,
    filter: str | None = None,
    order: str | None = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """The models that runs of an experiment logged, the newest first. `filter` and `order` are MLflow's grammar."""
    query = ModelQuery(
        experiment_ids=[parts.tracking.get_experiment_by_name(ws, name).id],
        filter=parse_filter(filter, LOGGED_MODELS),
        order=parse_order_by([order] if order else [], LOGGED_MODELS),
    )
    result = found(parts.tracking.search_logged_models(ws, query, limit=limit or MAX_PAGE, after=after))
    return answer(Page(items=[finite_model(model) for model in result.items], next=result.next))


@router.get("/logged-models/{model_id}", response_model=LoggedModel)
def get_logged_model(ws: str, model_id: str, parts: PartsOf) -> Response:
    return answer(finite_model(parts.tracking.get_logged_model(ws, model_id)))


@router.get("/logged-models/{model_id}/files", response_model=Page[ArtifactInfo])
def list_logged_model_files(
    ws: str, model_id: str, parts: PartsOf, prefix: str = "", limit: Limit = None, after: After = None
) -> Response:
    listed = parts.artifacts.listing(_root(parts, ws, model_id), _FOLDER + prefix)
    return answer(page([replace(file, path=file.path.removeprefix(_FOLDER)) for file in listed], limit, after))


@router.head("/logged-models/{model_id}/files/{path:path}", include_in_schema=False)
@router.get("/logged-models/{model_id}/files/{path:path}", responses={200: files.FILE_ANSWER})
def get_logged_model_file(
    ws: str, model_id: str, path: str, parts: PartsOf, request: Request, inline: bool = False
) -> Response:
    return files.send(request, parts.artifacts, _root(parts, ws, model_id), _FOLDER + path, inline=inline)


@router.get("/logged-models/{model_id}/download.zip", responses={200: files.FILE_ANSWER})
def zip_logged_model(ws: str, model_id: str, parts: PartsOf) -> Response:
    return files.send_zip(parts.artifacts.zip(_root(parts, ws, model_id), _FOLDER), model_id)


def _root(parts: Parts, ws: str, model_id: str) -> str:
    """Where a logged model's files are; ``NotFound`` for one that is not there."""
    parts.tracking.get_logged_model(ws, model_id)
    return roots.logged_model(ws, model_id)
