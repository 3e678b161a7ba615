"""Files over HTTP, for every noun that has some: appends, ranges, attachments, archives."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from zaffre.core import codec
from zaffre.core.errors import InvalidValue, StateConflict, to_wire
from zaffre.core.names import check_artifact_path
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.artifacts.transfers import PIECE, byte_range

# What a browser may show in the Studio's own origin: nothing that can hold a script.
_INLINE = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "application/json", "text/csv"}
)
_TEXT = (".txt", ".log", ".py", ".md", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".err", ".out")
FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
FILE_ANSWER = {
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    "description": "The bytes",
}


async def append(request: Request, artifacts: ArtifactStore, root: str, path: str, offset: int) -> int:
    """Append the request's body at ``offset`` and return the size that the file has then."""
    size = offset
    held = bytearray()
    sent = False
    async for piece in request.stream():
        held += piece
        if len(held) >= PIECE:
            size = await run_in_threadpool(artifacts.append, root, path, offset, bytes(held))
            offset += len(held)
            held.clear()
            sent = True
    if held or not sent:
        size = await run_in_threadpool(artifacts.append, root, path, offset, bytes(held))
    return size


def send(request: Request, artifacts: ArtifactStore, root: str, path: str, *, inline: bool = False) -> Response:
    """A file, or the range of it that the request asks for."""
    info = artifacts.info(root, path)
    if info.is_dir:
        raise StateConflict(f"{path!r} is a folder. Name a file in it, or ask for the zip archive.", path=path)
    size = info.size or 0
    headers = {**_disposition(info.path, inline), "Accept-Ranges": "bytes"}
    wanted = byte_range(request.headers.get("range"), size)
    if wanted is None:
        start, end, status = 0, size, 200
    else:
        start, end = wanted
        status = 206
        if start >= end:
            refusal = InvalidValue(f"The range asked for is behind the end of {path!r}, which has {size} bytes.")
            return Response(codec.encode(to_wire(refusal)), 416, {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(artifacts.read(root, path, start, end), status, headers)


def send_blob(pieces: Iterator[bytes], path: str, size: int) -> Response:
    headers = {**_disposition(path, inline=False), "Content-Length": str(size)}
    return StreamingResponse(pieces, headers=headers)


def send_zip(pieces: Iterator[bytes], name: str) -> Response:
    return StreamingResponse(pieces, headers=_disposition(f"{name}.zip", inline=False))


def content_type(path: str) -> str:
    """The type by the name; text of any kind is plain text, so that no browser runs it."""
    if path.lower().endswith(_TEXT):
        return "text/plain"
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def _disposition(path: str, inline: bool) -> dict[str, str]:
    path = check_artifact_path(path)
    name = path.rpartition("/")[2]
    kind = content_type(path)
    shown = inline and kind in _INLINE
    if shown and kind.startswith(("text/", "application/json")):
        kind = f"{kind}; charset=utf-8"
    return {
        "Content-Type": kind if shown else "application/octet-stream",
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
