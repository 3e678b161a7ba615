"""What an entry script yields: its pieces are sent at once."""

from __future__ import annotations

import inspect
from typing import Final

from zaffre.serving.results import encode

EVENTS: Final = b"text/event-stream"
_TEXT: Final = b"text/plain; charset=utf-8"
_BYTES: Final = b"application/octet-stream"


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
