"""Large files in parts, for clients that are told to send them so, and what else may be asked of a file's way.

The parts of a file are kept as an upload until it is completed, so that a file that never is goes away with the other
uploads that nobody finished. A client sends each part to the address it was given, with its own credentials.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.core import codec
from zaffre.core.errors import InvalidValue, NotFound, TooLarge, Unsupported
from zaffre.server.accounts.permissions import Deed
from zaffre.server.artifacts.transfers import receive
from zaffre.server.mlflow import framing
from zaffre.server.mlflow.door import Act, Transfer
from zaffre.server.mlflow.errors import invalid, missing
from zaffre.server.mlflow.framing import Int64, Message, Text
from zaffre.server.mlflow.locations import Owner, Place, check_path, place_of
from zaffre.server.mlflow.places import folder_of
from zaffre.server.mlflow.rooms import Rooms

_MOST_PARTS: Final = 10_000
_SMALL_BYTES: Final = 10 * 1024 * 1024  # what the Studio of MLflow may upload at once
_PART: Final = re.compile(r"([0-9a-f]{32})/(\d{1,5})")


class Create(Message):
    path: Text  # the name of the client's own file; where the file goes stands in the address
    num_parts: Int64 = 1


class Part(Message):
    part_number: Int64
    etag: str = ""
    url: str = ""


class Complete(Message):
    upload_id: Text
    path: str = ""
    parts: list[Part] = msgspec.field(default_factory=list)


class Abort(Message):
    upload_id: Text
    path: str = ""


class Presigned(Message, kw_only=True):
    path: Text
    run_id: str | None = None
    model_id: str | None = None
    expiration: Int64 | None = None


async def create(rooms: Rooms, request: Request, path: str) -> Response:
    """Begin: an id, and for each part the address and the headers to send it with."""
    message = await _read(request, Create)
    if not 1 <= message.num_parts <= _MOST_PARTS:
        raise invalid("num_parts", message.num_parts, f"it must be between 1 and {_MOST_PARTS}.")
    place = _target(path, message.path)

    def begin() -> str:
        folder_of(rooms, place, Deed.EDIT)
        return rooms.versions.begin_upload(rooms.workspace)

    upload_id = await run_in_threadpool(begin)
    base, _, _ = str(request.url.replace(query="", fragment="")).partition("/mpu/create/")
    sent = request.headers.get("authorization")
    headers = {"Authorization": sent} if sent else {}
    credentials = [
        {"url": f"{base}/mpu/part/{upload_id}/{number}", "part_number": number, "headers": headers}
        for number in range(1, message.num_parts + 1)
    ]
    return _answer({"upload_id": upload_id, "credentials": credentials})


async def put_part(rooms: Rooms, request: Request, path: str) -> Response:
    """Keep one part; a part that is sent again takes the place of the first."""
    found = _PART.fullmatch(path)
    if found is None:
        raise NotFound("This is not the address of a part: use those that were answered when the upload was begun.")
    root = await run_in_threadpool(_upload_root, rooms, found[1])
    name = _name(int(found[2]))
    kept = await receive(request, lambda: rooms.artifacts.create(root, name, overwrite=True))
    return Response(b"{}", headers={"ETag": _tag(int(found[2]), kept.size)}, media_type="application/json")


async def complete(rooms: Rooms, request: Request, path: str) -> Response:
    """Make one file of the parts, in the order of their numbers; it is there whole, or not at all."""
    message = await _read(request, Complete)
    if not message.parts:
        raise missing("parts")
    place = _target(path, message.path)
    tags = {part.part_number: part.etag for part in message.parts}
    await run_in_threadpool(_join, rooms, place, message.upload_id, tags)
    if place.owner is Owner.RUN:
        rooms.notifier.publish(f"files:{place.id}")
    return _answer({})


def _join(rooms: Rooms, place: Place, upload_id: str, tags: dict[int, str]) -> None:
    root = _upload_root(rooms, upload_id)
    numbers = sorted(tags)
    if numbers != list(range(1, len(numbers) + 1)):
        raise invalid("parts", numbers, "the parts are numbered from 1 without a gap.")
    for number in numbers:  # before anything is written
        kept = _tag(number, rooms.artifacts.info(root, _name(number)).size)
        if tags[number] not in ("", kept):
            raise invalid("parts", tags[number], f"part {number} has the ETag {kept}. Send it again.")
    folder = folder_of(rooms, place, Deed.EDIT)
    writer = rooms.artifacts.create(folder.root, folder.path, overwrite=True)
    try:
        for number in numbers:
            for piece in rooms.artifacts.read(root, _name(number)):
                writer.write(piece)
        writer.commit()
    finally:
        writer.abort()
    rooms.versions.end_upload(rooms.workspace, upload_id)


async def abort(rooms: Rooms, request: Request, path: str) -> Response:  # noqa: ARG001
    message = await _read(request, Abort)

    def end() -> None:
        _upload_root(rooms, message.upload_id)
        rooms.versions.end_upload(rooms.workspace, message.upload_id)

    await run_in_threadpool(end)
    return _answer({})


async def presigned(rooms: Rooms, request: Request, path: str) -> Response:  # noqa: ARG001
    place_of(path)
    raise _no_presigned()


def presigned_url(rooms: Rooms, message: Presigned) -> object:
    if not message.run_id and not message.model_id:
        raise missing("run_id")
    check_path(message.path)
    if message.run_id:
        rooms.tracking.get_run(rooms.workspace, message.run_id)
    raise _no_presigned()


async def upload_small(rooms: Rooms, request: Request, path: str) -> Response:
    """A file of up to 10 MiB for a run, as MLflow's own pages send it."""
    run_id, inside = request.query_params.get("run_uuid"), request.query_params.get("path")
    if path or not run_id:
        raise missing("run_uuid")
    if not inside:
        raise missing("path")
    inside = check_path(inside)
    body = await request.body()
    if not body:
        raise InvalidValue("The body of this request is empty. Send the bytes of the file.")
    if len(body) > _SMALL_BYTES:
        raise TooLarge(f"This route takes files of up to {_SMALL_BYTES} bytes. Log a larger one as an artifact.")

    def write() -> None:
        run = rooms.tracking.get_run(rooms.workspace, run_id)
        folder = folder_of(rooms, Place(Owner.RUN, run.id, inside, run.experiment_id), Deed.EDIT)
        writer = rooms.artifacts.create(folder.root, folder.path, overwrite=True)
        try:
            writer.write(body)
            writer.commit()
        finally:
            writer.abort()

    await run_in_threadpool(write)
    rooms.notifier.publish(f"files:{run_id}")
    return _answer({})


def _upload_root(rooms: Rooms, upload_id: str) -> str:
    rooms.permissions.check_staging(rooms.asker, rooms.workspace)
    return rooms.versions.upload_root(rooms.workspace, upload_id)


def _target(folder: str, local: str) -> Place:
    """Clients name the folder in the address, and the file by the path that it has with them."""
    name = local.replace("\\", "/").rpartition("/")[2]
    place = place_of(f"{folder.rstrip('/')}/{name}")
    if not name or not place.path:
        raise InvalidValue(f"{folder!r} and {local!r} name no file of a run, a logged model or a model version.")
    return place


def _name(number: int) -> str:
    return f"part-{number:05}"


def _tag(number: int, size: int | None) -> str:
    return f'"{_name(number)}-{size}"'


async def _read(request: Request, type_: type[framing.M]) -> framing.M:
    framing.check_content_type(request.headers.get("content-type"))
    return framing.from_body(await request.body(), type_)


def _answer(body: dict[str, Any]) -> Response:
    return Response(codec.encode(body), media_type="application/json")


def _no_presigned() -> Unsupported:
    return Unsupported(
        "Presigned URLs are not supported: the files of this server are on its own disk. Use the proxied routes."
    )


_AT: Final = "2.0/mlflow-artifacts"
TRANSFERS: Final = (
    Transfer("POST", f"{_AT}/mpu/create/", create),
    Transfer("PUT", f"{_AT}/mpu/part/", put_part),
    Transfer("POST", f"{_AT}/mpu/complete/", complete),
    Transfer("POST", f"{_AT}/mpu/abort/", abort),
    Transfer("GET", f"{_AT}/presigned/", presigned),
    Transfer("POST", "2.0/mlflow/upload-artifact", upload_small),
)
ACTS: Final[tuple[Act[Any], ...]] = (
    Act("POST", "2.0/mlflow/artifacts/presigned-upload-url", Presigned, presigned_url),
    Act("POST", "2.0/mlflow/artifacts/presigned-download-url", Presigned, presigned_url),
)
