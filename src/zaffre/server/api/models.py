"""Registered models, their files, and the uploads they come from."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from zaffre.core.entities import ArtifactInfo, ModelVersion
from zaffre.core.wire import FileAnswer, ModelCreate, ModelPatch, Page, UploadCreated
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api import files
from zaffre.server.api.answers import (
    MAX_PAGE,
    After,
    Asker,
    Limit,
    VersionNumber,
    answer,
    empty,
    found,
    page,
    pair_filters,
    workspace_router,
)
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.transfers import receive
from zaffre.server.store.model_versions import VersionQuery
from zaffre.server.store.permissions import Kind, Thing

router = workspace_router("", "models")


@router.post("/uploads", response_model=UploadCreated)
def begin_upload(ws: str, parts: PartsOf) -> Response:
    return answer(UploadCreated(upload_id=parts.versions.begin_upload(ws)))


@router.put("/uploads/{upload_id}/{path:path}", response_model=FileAnswer, openapi_extra=files.FILE_BODY)
async def put_upload_file(ws: str, upload_id: str, path: str, parts: PartsOf, request: Request) -> Response:
    info = await receive(
        request, lambda: parts.artifacts.create(parts.versions.upload_root(ws, upload_id), path, overwrite=True)
    )
    return answer(FileAnswer(path=info.path, size=info.size or 0))


@router.get("/models", response_model=Page[ModelVersion])
def list_models(
    ws: str,
    parts: PartsOf,
    asker: Asker,
    name: str | None = None,
    tag: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    property: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    run_id: str | None = None,
    framework: str | None = None,
    latest: bool = False,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """Versions of models, the newest first; with `latest` only the newest of each model."""
    query = VersionQuery(
        name=name,
        run_id=run_id,
        framework=framework,
        tags=pair_filters(tag),
        properties=pair_filters(property),
        latest=latest,
        hidden=parts.permissions.hidden_models(asker, ws),
    )
    parts.workspaces.get(ws)
    return answer(found(parts.versions.search(ws, query, limit=limit or MAX_PAGE, after=after)))


@router.post("/models", response_model=ModelVersion)
def register_model(ws: str, body: ModelCreate, parts: PartsOf, asker: Asker) -> Response:
    parts.permissions.check(asker, ws, Deed.EDIT, [Thing(Kind.MODEL, body.name)])
    if body.run_id is not None:
        parts.permissions.check(asker, ws, Deed.READ, [Thing(Kind.RUN, body.run_id)])
    return answer(parts.versions.register(ws, body, created_by=asker.name, maker=asker.user_pk))


@router.get("/models/{name}", response_model=ModelVersion)
def get_model(ws: str, name: str, parts: PartsOf) -> Response:
    """The newest version."""
    return answer(parts.versions.get(ws, name))


@router.get("/models/{name}/versions", response_model=Page[ModelVersion])
def list_model_versions(ws: str, name: str, parts: PartsOf, limit: Limit = None, after: After = None) -> Response:
    parts.models.get(ws, name)
    return answer(found(parts.versions.search(ws, VersionQuery(name=name), limit=limit or MAX_PAGE, after=after)))


@router.get("/models/{name}/versions/{version}", response_model=ModelVersion)
def get_model_version(ws: str, name: str, version: VersionNumber, parts: PartsOf) -> Response:
    return answer(parts.versions.get(ws, name, version))


@router.patch("/models/{name}/versions/{version}", response_model=ModelVersion)
def change_model_version(ws: str, name: str, version: VersionNumber, body: ModelPatch, parts: PartsOf) -> Response:
    return answer(parts.versions.change(ws, name, version, body))


@router.delete("/models/{name}/versions/{version}", status_code=204)
def delete_model_version(ws: str, name: str, version: VersionNumber, parts: PartsOf) -> Response:
    parts.versions.delete(ws, name, version)
    return empty()


@router.get("/models/{name}/versions/{version}/files", response_model=Page[ArtifactInfo])
def list_model_files(
    ws: str,
    name: str,
    version: VersionNumber,
    parts: PartsOf,
    prefix: str = "",
    limit: Limit = None,
    after: After = None,
) -> Response:
    return answer(page(parts.artifacts.listing(_root(parts, ws, name, version), prefix), limit, after))


@router.head("/models/{name}/versions/{version}/files/{path:path}", include_in_schema=False)
@router.get("/models/{name}/versions/{version}/files/{path:path}", responses={200: files.FILE_ANSWER})
def get_model_file(
    ws: str, name: str, version: VersionNumber, path: str, parts: PartsOf, request: Request, inline: bool = False
) -> Response:
    return files.send(request, parts.artifacts, _root(parts, ws, name, version), path, inline=inline)


@router.get("/models/{name}/versions/{version}/download.zip", responses={200: files.FILE_ANSWER})
def zip_model(ws: str, name: str, version: VersionNumber, parts: PartsOf) -> Response:
    return files.send_zip(parts.artifacts.zip(_root(parts, ws, name, version)), f"{name}-{version}")


def _root(parts: Parts, ws: str, name: str, version: int) -> str:
    """Where a version's files are; ``ModelNotFound`` for one that is not there."""
    parts.versions.get(ws, name, version)
    return roots.model(ws, name, version)
