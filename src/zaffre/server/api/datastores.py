"""Datastores and the files in them."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from zaffre.core.entities import ArtifactInfo, Datastore
from zaffre.core.wire import FileAnswer, Page
from zaffre.server.api import files
from zaffre.server.api.answers import After, Limit, answer, empty, page, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.transfers import receive
from zaffre.server.store import datastores

router = workspace_router("/datastores", "datastores")


@router.get("", response_model=Page[Datastore])
def list_datastores(ws: str, parts: PartsOf, limit: Limit = None, after: After = None) -> Response:
    return answer(page(parts.store.read(lambda connection: datastores.list_all(connection, ws)), limit, after))


@router.get("/{name}", response_model=Datastore)
def get_datastore(ws: str, name: str, parts: PartsOf) -> Response:
    return answer(parts.store.read(lambda connection: datastores.get(connection, ws, name)))


@router.get("/{name}/files", response_model=Page[ArtifactInfo])
def list_datastore_files(
    ws: str,
    name: str,
    parts: PartsOf,
    prefix: str = "",
    recursive: bool = True,
    limit: Limit = None,
    after: After = None,
) -> Response:
    return answer(page(parts.artifacts.listing(_root(parts, ws, name), prefix, recursive=recursive), limit, after))


@router.head("/{name}/files/{path:path}", include_in_schema=False)
@router.get("/{name}/files/{path:path}", responses={200: files.FILE_ANSWER})
def get_datastore_file(
    ws: str, name: str, path: str, parts: PartsOf, request: Request, inline: bool = False
) -> Response:
    return files.send(request, parts.artifacts, _root(parts, ws, name), path, inline=inline)


@router.put("/{name}/files/{path:path}", response_model=FileAnswer, openapi_extra=files.FILE_BODY)
async def put_datastore_file(
    ws: str, name: str, path: str, parts: PartsOf, request: Request, overwrite: bool = False
) -> Response:
    info = await receive(request, lambda: parts.artifacts.create(_root(parts, ws, name), path, overwrite=overwrite))
    return answer(FileAnswer(path=info.path, size=info.size or 0))


@router.delete("/{name}/files/{path:path}", status_code=204)
def delete_datastore_file(ws: str, name: str, path: str, parts: PartsOf) -> Response:
    parts.artifacts.delete(_root(parts, ws, name), path)
    return empty()


def _root(parts: Parts, ws: str, name: str) -> str:
    """The datastore's root; raises ``NotFound`` for one that is not there."""
    found = parts.store.read(lambda connection: datastores.get(connection, ws, name))
    return roots.datastore(ws, found.name)
