"""Entry scripts with ``async`` or ``yield``: their calls run to the end, their pieces are sent at once.

Calls are one at a time in each worker here, too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final

from zaffre.serving.results import encode

EVENTS: Final = b"text/event-stream"
_TEXT: Final = b"text/plain; charset=utf-8"
_BYTES: Final = b"application/octet-stream"


def sequential(run: Callable[..., Any]) -> Callable[..., Any]:
    """``run`` as a plain function; one that is async is carried out on an event loop of this worker's."""
    if not (inspect.iscoroutinefunction(run) or inspect.isasyncgenfunction(run)):
        return run
    import asyncio

    loop = asyncio.new_event_loop()

    def complete(**arguments: Any) -> Any:
        asyncio.set_event_loop(loop)
        value = run(**arguments)
        return _stepped(loop, value) if inspect.isasyncgen(value) else loop.run_until_complete(value)

    return complete


def is_stream(value: object) -> bool:
    return inspect.isgenerator(value)


def piece(item: object) -> tuple[bytes, bytes]:
    """One piece of a stream with the content type that it would begin: text and bytes as they are, everything else as
    a server-sent event. Raises ``NotSerialisable``."""
    if isinstance(item, str):
        return item.encode(), _TEXT
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item), _BYTES
    return event(item), EVENTS


def event(item: object) -> bytes:
    return b"data: %b\n\n" % encode(item)


def _stepped(loop: Any, generator: Any) -> Iterator[Any]:
    try:
        while True:
            try:
                item = loop.run_until_complete(generator.__anext__())
            except StopAsyncIteration:
                return
            yield item
    finally:
        loop.run_until_complete(generator.aclose())
