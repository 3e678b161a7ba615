"""Snapshots: what is missing, the missing blobs, then the list of files."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from zaffre.core.entities import Snapshot
from zaffre.core.errors import NotFound
from zaffre.core.wire import BlobsMissing, BlobsWanted, FileAnswer, SnapshotCreate
from zaffre.server.api import files
from zaffre.server.api.answers import answer, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.artifacts.transfers import receive

router = workspace_router("/snapshots", "snapshots")


@router.post("/missing", response_model=BlobsMissing)
def missing_blobs(ws: str, body: BlobsWanted, parts: PartsOf) -> Response:
    parts.workspaces.get(ws)
    return answer(BlobsMissing(missing=parts.snapshots.missing(body.files)))


@router.put("/blobs/{sha256}", response_model=FileAnswer, openapi_extra=files.FILE_BODY)
async def put_blob(ws: str, sha256: str, parts: PartsOf, request: Request) -> Response:  # noqa: ARG001
    info = await receive(request, lambda: parts.artifacts.blob_create(sha256))
    return answer(FileAnswer(path=sha256, size=info.size or 0))


@router.post("", response_model=Snapshot)
def create_snapshot(ws: str, body: SnapshotCreate, parts: PartsOf) -> Response:
    return answer(parts.snapshots.create(ws, body.files))


@router.get("/{snapshot_id}.zip", responses={200: files.FILE_ANSWER})
def zip_snapshot(ws: str, snapshot_id: str, parts: PartsOf) -> Response:
    snapshot = parts.snapshots.get(ws, snapshot_id)
    return files.send_zip(parts.artifacts.blob_zip(snapshot.files), snapshot_id)


@router.get("/{snapshot_id}", response_model=Snapshot)
def get_snapshot(ws: str, snapshot_id: str, parts: PartsOf) -> Response:
    return answer(parts.snapshots.get(ws, snapshot_id))


@router.get("/{snapshot_id}/files/{path:path}", responses={200: files.FILE_ANSWER})
def get_snapshot_file(ws: str, snapshot_id: str, path: str, parts: PartsOf) -> Response:
    for file in parts.snapshots.get(ws, snapshot_id).files:
        if file.path == path:
            return files.send_blob(parts.artifacts.blob_read(file.sha256), path, file.size)
    raise NotFound(f"Snapshot {snapshot_id} has no file {path!r}.", path=path)
