"""A column on its way into a Parquet file: its name, its kind and its values, packed as the file has them."""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Kind(Enum):
    """Parquet's physical type, and what it stands for (``ConvertedType``; None: itself)."""

    BOOLEAN = (0, None)
    INT32 = (1, None)
    INT64 = (2, None)
    FLOAT = (4, None)
    DOUBLE = (5, None)
    TEXT = (6, 0)
    TIME = (2, 10)  # microseconds since 1970, UTC


CODES: Final = {Kind.INT32: "i", Kind.INT64: "q", Kind.FLOAT: "f", Kind.DOUBLE: "d", Kind.TIME: "q"}
_INT64: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Column:
    """``count`` values; ``data`` holds those that are there, ``present`` one byte for each, None where all are."""

    name: str
    kind: Kind
    count: int
    data: bytes
    present: bytes | None = None


def of_numbers(name: str, kind: Kind, values: array[Any]) -> Column:
    """A column of numbers that are there, of the kind's code."""
    if sys.byteorder == "big":
        values = array(CODES[kind], values)
        values.byteswap()
    return Column(name, kind, len(values), values.tobytes())


def of_text(name: str, texts: Sequence[str]) -> Column:
    return Column(name, Kind.TEXT, len(texts), _texts(texts))


def of_utf8(name: str, texts: Sequence[bytes]) -> Column:
    """A column of texts that are encoded."""
    sizes = set(map(len, texts))
    if len(sizes) == 1:
        head = struct.pack("<I", *sizes)
        return Column(name, Kind.TEXT, len(texts), head + head.join(texts))
    return Column(name, Kind.TEXT, len(texts), b"".join([struct.pack("<I", len(text)) + text for text in texts]))


def of_one_text(name: str, text: str, count: int) -> Column:
    """The same text in each row."""
    return Column(name, Kind.TEXT, count, _texts([text]) * count)


def of_values(name: str, values: Sequence[Any]) -> Column:
    """A column of any Python values: of truth values, whole numbers or numbers where all of them are such, else of
    text, JSON where a value is none. None is no value."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return Column(name, Kind.DOUBLE, len(values), _packed("d", values))
    there = [value for value in values if value is not None]
    present = None if len(there) == len(values) else bytes(value is not None for value in values)
    kinds.discard(type(None))
    if kinds == {bool}:
        return Column(name, Kind.BOOLEAN, len(values), pack_booleans(there), present)
    if kinds == {int} and all(value in _INT64 for value in there):
        return Column(name, Kind.INT64, len(values), _packed("q", there), present)
    if kinds and kinds <= {int, float}:
        try:
            return Column(name, Kind.DOUBLE, len(values), _packed("d", there), present)
        except OverflowError:  # a whole number that no float can hold
            pass
    texts = [value if type(value) is str else json.dumps(value, default=str) for value in there]
    return Column(name, Kind.TEXT, len(values), _texts(texts), present)


def pack_booleans(values: Sequence[Any]) -> bytes:
    """Eight in a byte, the first in its lowest bit."""
    packed = bytearray((len(values) + 7) // 8)
    for number, value in enumerate(values):
        if value:
            packed[number >> 3] |= 1 << (number & 7)
    return bytes(packed)


def _packed(code: str, values: Sequence[Any]) -> bytes:
    made = array(code, values)
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def _texts(texts: Sequence[str]) -> bytes:
    return of_utf8("", [text.encode("utf-8", "replace") for text in texts]).data
