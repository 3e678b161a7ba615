"""Thrift's compact protocol, in which Parquet writes its headers (the specification of Apache Thrift).

A structure is a mapping of field ids to values: ``{1: i32(1), 4: text("a")}``. Each is encoded when it is made: a table
of many columns has many of them. Reading gives plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_STOP: Final = 0
_END: Final = bytes([_STOP])
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DEPTH: Final = 32
_LONGEST_VARINT: Final = 10
_SMALL: Final = [bytes([number]) for number in range(0x80)]


class Malformed(ValueError):
    """The bytes are not a structure of this protocol."""


Value = tuple[int, bytes]  # the code of its kind, and itself as it is written


def i32(number: int) -> Value:
    return _I32, varint(number << 1 if number >= 0 else (-number << 1) - 1)


def i64(number: int) -> Value:
    return _I64, i32(number)[1]


def text(value: str) -> Value:
    data = value.encode()
    return _BINARY, varint(len(data)) + data


def struct(values: Mapping[int, Value]) -> Value:
    return whole(fields(values))


def list_of(items: Sequence[Value]) -> Value:
    """``items`` are all of one kind, and at least one."""
    count, kind = len(items), items[0][0]
    head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
    return _LIST, head + b"".join([data for _, data in items])


def encode(values: Mapping[int, Value]) -> bytes:
    """A structure."""
    return fields(values) + _END


def fields(values: Mapping[int, Value], after: int = 0) -> bytes:
    """Some of a structure's fields, of which ``after`` is the last before them. The ids rise, by less than 16 from one
    to the next, as all of Parquet's do."""
    out = bytearray()
    for number, (kind, data) in values.items():
        out.append((number - after) << 4 | kind)
        out += data
        after = number
    return bytes(out)


def whole(written: bytes) -> Value:
    """The structure of all these ``fields``."""
    return _STRUCT, written + _END


def varint(number: int) -> bytes:
    """Seven bits in each byte, the lowest first. ``number`` is not negative."""
    if number <= 0x7F:
        return _SMALL[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


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
