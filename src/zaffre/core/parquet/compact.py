"""Thrift's compact protocol, in which Parquet writes its headers (the specification of Apache Thrift).

A structure is a mapping of field ids to typed values: ``{1: I32(1), 4: Text("a")}``. Reading gives plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_STOP: Final = 0
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DEPTH: Final = 32
_LONGEST_VARINT: Final = 10


class Malformed(ValueError):
    """The bytes are not a structure of this protocol."""


@dataclass(frozen=True, slots=True)
class I32:
    value: int


@dataclass(frozen=True, slots=True)
class I64:
    value: int


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Struct:
    fields: Mapping[int, Value]


@dataclass(frozen=True, slots=True)
class ListOf:
    """``items`` are all of one kind, and at least one."""

    items: Sequence[Value]


Value = I32 | I64 | Text | Struct | ListOf
_CODES: Final[dict[type, int]] = {I32: _I32, I64: _I64, Text: _BINARY, Struct: _STRUCT, ListOf: _LIST}


def encode(fields: Mapping[int, Value]) -> bytes:
    out = bytearray()
    _write_struct(out, fields)
    return bytes(out)


def _write_struct(out: bytearray, fields: Mapping[int, Value]) -> None:
    last = 0
    for number, value in sorted(fields.items()):
        out.append((number - last) << 4 | _CODES[type(value)])  # ids of Parquet are never 16 apart
        last = number
        _write(out, value)
    out.append(_STOP)


def _write(out: bytearray, value: Value) -> None:
    if isinstance(value, I32 | I64):
        _write_varint(out, value.value << 1 if value.value >= 0 else (-value.value << 1) - 1)
    elif isinstance(value, Text):
        data = value.value.encode()
        _write_varint(out, len(data))
        out += data
    elif isinstance(value, Struct):
        _write_struct(out, value.fields)
    else:
        kind = _CODES[type(value.items[0])]
        if len(value.items) < 15:
            out.append(len(value.items) << 4 | kind)
        else:
            out.append(0xF0 | kind)
            _write_varint(out, len(value.items))
        for item in value.items:
            _write(out, item)


def _write_varint(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def decode(data: bytes, at: int = 0) -> tuple[dict[int, Any], int]:
    """The structure that begins at a byte, and where it ends. Raises ``Malformed``."""
    reader = _Reader(data, at)
    try:
        return reader.struct(0), reader.at
    except IndexError as error:
        raise Malformed("a structure is cut short") from error


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def struct(self, depth: int) -> dict[int, Any]:
        if depth > _DEPTH:
            raise Malformed("structures are nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != _STOP:
            delta, kind = head >> 4, head & 0x0F
            number = number + delta if delta else self._zigzag()
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth + 1)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.struct(depth)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind in (_TRUE, _FALSE, _BYTE):  # in a list, a truth value takes a byte
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(8)
        raise Malformed(f"a value of the unknown kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self._varint()
        if count > len(self._data) - self.at:
            raise Malformed("a list is longer than the file")
        return [self._value(head & 0x0F, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        value = self._data[self.at]
        self.at += 1
        return value

    def _bytes(self, size: int) -> bytes:
        if size > len(self._data) - self.at:
            raise Malformed("a text is cut short")
        self.at += size
        return self._data[self.at - size : self.at]

    def _varint(self) -> int:
        number = 0
        for place in range(_LONGEST_VARINT):
            part = self._byte()
            number |= (part & 0x7F) << 7 * place
            if part < 0x80:
                return number
        raise Malformed("a number is too long")

    def _zigzag(self) -> int:
        number = self._varint()
        return number >> 1 ^ -(number & 1)
