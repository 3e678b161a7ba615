"""What goes through the pipe: pieces of ``_SIZES``, heads packed with ``marshal``, then the bytes they are about."""

from __future__ import annotations

import marshal
import struct
from collections.abc import Sequence
from typing import Any, Final

_SIZES: Final = struct.Struct("<II")  # of the heads, of the data
_NO_REFERENCES: Final = 2  # the version of marshal's format that looks for none
HEAD_BYTES: Final = 128  # about


def pack(heads: list[Any], data: Sequence[bytes]) -> bytes:
    """A piece. Heads of two are collectors, which have no bytes; the others end with the number of theirs."""
    packed = marshal.dumps(heads, _NO_REFERENCES)
    return b"".join((_SIZES.pack(len(packed), sum(map(len, data))), packed, *data))


def unpack(given: bytearray) -> list[tuple[Any, bytes]]:
    """The heads of all pieces that are whole, with their bytes; what is left stays in ``given``."""
    found = []
    at = 0
    while len(given) - at >= _SIZES.size:
        heads, size = _SIZES.unpack_from(given, at)
        end = at + _SIZES.size + heads + size
        if end > len(given):
            break
        with memoryview(given) as view:
            at += _SIZES.size + heads
            for head in marshal.loads(view[at - heads : at]):  # noqa: S302  # from our own parent; it makes no objects
                size = head[-1] if len(head) > 2 else 0
                at += size
                found.append((head, bytes(view[at - size : at])))
    del given[:at]
    return found
