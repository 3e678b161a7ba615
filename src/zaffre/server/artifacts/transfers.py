"""Files in requests and answers, for both doors: bodies streamed into the store, and the range that is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from zaffre.core.entities import ArtifactInfo
from zaffre.core.errors import InvalidValue
from zaffre.server.artifacts.contract import Writer

PIECE: Final = 1024 * 1024  # bytes that are handed to the store at once
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def receive(request: Request, open_writer: Callable[[], Writer]) -> ArtifactInfo:
    """Stream the request's body into a writer and commit it; a client that goes away leaves nothing."""
    writer = await run_in_threadpool(open_writer)
    pieces: list[bytes] = []
    held = 0
    try:
        async for piece in request.stream():
            pieces.append(piece)
            held += len(piece)
            if held >= PIECE:
                await run_in_threadpool(writer.write, b"".join(pieces))
                pieces, held = [], 0
        await run_in_threadpool(writer.write, b"".join(pieces))
        return await run_in_threadpool(writer.commit)
    except ClientDisconnect as error:
        raise InvalidValue("The upload ended before its body was complete. Send it again.") from error
    finally:
        await run_in_threadpool(writer.abort)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """``[start, end)`` of the one range asked for, empty when it is behind the end; None means the whole file."""
    found = _RANGE.fullmatch(header or "")
    if found is None or found.group(0) == "bytes=-":
        return None  # several ranges or an unknown unit: the standard allows to answer with everything
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size
