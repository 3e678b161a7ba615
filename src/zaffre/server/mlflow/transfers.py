"""Files through the server: what ``mlflow-artifacts:/`` URIs stand for, read, written, listed and removed."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zaffre.core.entities import ArtifactInfo
from zaffre.core.errors import InvalidValue, NotFound
from zaffre.server.accounts.permissions import Deed
from zaffre.server.artifacts.contract import Writer
from zaffre.server.artifacts.transfers import byte_range, receive
from zaffre.server.mlflow import answers
from zaffre.server.mlflow.door import Act, Transfer
from zaffre.server.mlflow.locations import Owner, Place, check_path, place_of, run_uri
from zaffre.server.mlflow.messages import ListArtifacts, ListProxied
from zaffre.server.mlflow.places import Folder, folder_of
from zaffre.server.mlflow.rooms import Rooms

# Text of any kind goes out as plain text, so that no browser runs it; MLflow's own files have no suffix.
_TEXT: Final = re.compile(
    r"(?:.*\.)?(?:txt|log|err|out|cfg|conf|ini|toml|ya?ml|xml|json|js|py|csv|tsv|md|rst|ipynb|mlmodel|mlproject)", re.I
)


async def download(rooms: Rooms, request: Request, path: str) -> Response:
    """A file, or the range of it that is asked for, as an attachment."""
    return await run_in_threadpool(_send, rooms, request, path)


def _send(rooms: Rooms, request: Request, path: str) -> Response:
    folder = folder_of(rooms, place_of(path))
    if not folder.path or (info := rooms.artifacts.info(folder.root, folder.path)).is_dir:
        raise InvalidValue(f"{path!r} is a folder. List it, and get the files in it.", path=path)
    size = info.size or 0
    name = folder.path.rpartition("/")[2]
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Content-Type": "text/plain" if _TEXT.fullmatch(name) else "application/octet-stream",
        "Accept-Ranges": "bytes",
    }
    start, end = byte_range(request.headers.get("range"), size) or (0, size)
    if start >= end and size:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    if end - start < size:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    status = 206 if end - start < size else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(rooms.artifacts.read(folder.root, folder.path, start, end), status, headers)


async def upload(rooms: Rooms, request: Request, path: str) -> Response:
    """Stream the body into a file, which takes the place of one that is there; 200 and ``{}`` once it is durable."""
    place = place_of(path)

    def begin() -> Writer:
        folder = folder_of(rooms, place, Deed.EDIT)
        if not folder.path:
            raise InvalidValue(f"{path!r} names a folder: add the file's name.", path=path)
        return rooms.artifacts.create(folder.root, folder.path, overwrite=True)

    await receive(request, begin)
    if place.owner is Owner.RUN:
        rooms.notifier.publish(f"files:{place.id}")
    return Response(b"{}", media_type="application/json")


async def remove(rooms: Rooms, request: Request, path: str) -> Response:  # noqa: ARG001
    """Remove a file, or a folder with all that is in it; what is gone already is no error, as a retry would find it."""
    await run_in_threadpool(_remove, rooms, path)
    return Response(b"{}", media_type="application/json")


def _remove(rooms: Rooms, path: str) -> None:
    place = place_of(path)
    folder = folder_of(rooms, place, Deed.DELETE)
    if folder.path:
        with suppress(NotFound):
            rooms.artifacts.delete(folder.root, folder.path)
    else:
        rooms.artifacts.delete_root(folder.root)
    if place.owner is Owner.RUN:
        rooms.notifier.publish(f"files:{place.id}")


def list_proxied(rooms: Rooms, message: ListProxied) -> object:
    """The files of a folder by their base names; a folder that is not there is empty."""
    return answers.without_empty({"files": listing(rooms, folder_of(rooms, place_of(message.path)))})


def list_of_run(rooms: Rooms, message: ListArtifacts) -> object:
    """The files of a run's folder by their paths from the run's root."""
    path = check_path(message.path.rstrip("/")) if message.path else ""
    run = rooms.tracking.get_run(rooms.workspace, message.run)
    location = rooms.tracking.get_experiment(rooms.workspace, run.experiment_id).artifact_location
    folder = folder_of(rooms, Place(Owner.RUN, run.id, path, run.experiment_id))
    return answers.without_empty({"root_uri": run_uri(location, run.id), "files": listing(rooms, folder, path)})


def listing(rooms: Rooms, folder: Folder, shown: str = "") -> list[answers.Json]:
    """The files and folders directly in ``folder``, named below the path ``shown``; none if it is no folder."""
    try:
        found = rooms.artifacts.listing(folder.root, folder.path, recursive=False)
    except NotFound:
        return []
    return [_file(info, f"{shown}/{info.path.rpartition('/')[2]}".lstrip("/")) for info in found]


def _file(info: ArtifactInfo, path: str) -> answers.Json:
    found: answers.Json = {"path": path, "is_dir": info.is_dir}
    return found if info.is_dir else {**found, "file_size": info.size or 0}


_FILES = "2.0/mlflow-artifacts/artifacts/"
TRANSFERS = (
    Transfer("GET", _FILES, download),
    Transfer("PUT", _FILES, upload),
    Transfer("DELETE", _FILES, remove),
)
ACTS = (
    Act("GET", "2.0/mlflow-artifacts/artifacts", ListProxied, list_proxied),
    Act("GET", "2.0/mlflow/artifacts/list", ListArtifacts, list_of_run),
)
