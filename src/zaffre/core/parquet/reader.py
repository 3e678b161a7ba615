"""Reads the Parquet files that ``writer`` writes; a file of another program's may have what is refused here."""

from __future__ import annotations

import datetime
import sys
import zlib
from array import array
from dataclasses import dataclass
from typing import Any, Final

from zaffre.core.errors import InvalidValue
from zaffre.core.parquet import compact
from zaffre.core.parquet.columns import CODES, Kind
from zaffre.core.parquet.compact import varint
from zaffre.core.parquet.writer import DICTIONARY, GZIP, MAGIC, PLAIN, UNCOMPRESSED

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MOST_PLAIN_BYTES: Final = 1024 * 1024 * 1024  # of one page
_MOST_ROWS: Final = 100_000_000
_ANOTHER_WAY: Final = "it is packed in a way that no collected data is"


@dataclass(frozen=True, slots=True)
class Table:
    """Values by column, in the file's order; all columns have ``rows`` of them. No value is None."""

    rows: int
    columns: dict[str, list[Any]]


def read(data: bytes, what: str) -> Table:
    """The table in the bytes of a file. Raises ``InvalidValue``, which says ``what`` cannot be read, and why."""
    try:
        return _read(data)
    except (compact.Malformed, zlib.error, KeyError, IndexError, ValueError, TypeError) as error:
        raise InvalidValue(f"{what} cannot be read as a Parquet file of collected data: {error}.") from error


def _read(data: bytes) -> Table:
    if len(data) < 12 or data[:4] != MAGIC or data[-4:] != MAGIC:
        raise compact.Malformed("it does not begin and end as one")
    size = int.from_bytes(data[-8:-4], "little")
    if size > len(data) - 12:
        raise compact.Malformed("its end is longer than the file")
    footer, _ = compact.decode(data[len(data) - 8 - size : -8])
    rows = int(footer[3])
    elements = footer[2][1:]
    columns: dict[str, list[Any]] = {element[4].decode(): [] for element in elements}
    for group in footer[4]:
        for element, chunk in zip(elements, group[1], strict=True):
            columns[element[4].decode()] += _chunk(data, _kind(element), chunk[3])
    if any(len(values) != rows for values in columns.values()):
        raise compact.Malformed("its columns have different lengths")
    return Table(rows, columns)


def _kind(element: dict[int, Any]) -> Kind:
    wanted = (element.get(1), element.get(6))
    for kind in Kind:
        if kind.value == wanted:
            return kind
    raise compact.Malformed(f"its column {element[4].decode()!r} is of a kind that no collected data has")


def _chunk(data: bytes, kind: Kind, about: dict[int, Any]) -> list[Any]:
    header, page = _page(data, about[9], about[4])
    encoding = header[5][2]
    if header[1] != 0 or encoding not in (PLAIN, DICTIONARY):
        raise compact.Malformed(_ANOTHER_WAY)
    count = int(header[5][1])
    if count > _MOST_ROWS:
        raise compact.Malformed("it has more rows than a file of collected data can have")
    size = int.from_bytes(page[:4], "little")
    present = _levels(page[4 : 4 + size], count)
    if encoding == DICTIONARY:
        _, dictionary = _page(data, about[11], about[4])
        if page[4 + size :] != b"\x01" + varint(count << 1) + b"\x00" or sum(present) != count:
            raise compact.Malformed(_ANOTHER_WAY)
        return _values(kind, dictionary, 1) * count
    values = iter(_values(kind, page[4 + size :], sum(present)))
    return [next(values) if there else None for there in present]


def _page(data: bytes, at: int, codec: int) -> tuple[dict[int, Any], bytes]:
    """The header and the plain bytes of the page that begins there."""
    header, at = compact.decode(data, at)
    page = data[at : at + header[3]]
    if codec == GZIP:
        page = zlib.decompressobj(wbits=31).decompress(page, min(int(header[2]), _MOST_PLAIN_BYTES) + 1)
    elif codec != UNCOMPRESSED:
        raise compact.Malformed(_ANOTHER_WAY)
    if len(page) != header[2]:
        raise compact.Malformed("a page has another size than it says")
    return header, page


def _levels(data: bytes, count: int) -> list[int]:
    head, place, shift = 0, 0, 0
    while True:
        part = data[place]
        head |= (part & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if part < 0x80:
            break
    if head & 1:
        return _bits(data[place:], count)
    if head >> 1 != count:
        raise compact.Malformed("a page has another number of values than it says")
    return [data[place]] * count


def _bits(data: bytes, count: int) -> list[int]:
    return [data[number >> 3] >> (number & 7) & 1 for number in range(count)]


def _values(kind: Kind, data: bytes, count: int) -> list[Any]:
    if kind is Kind.BOOLEAN:
        return [bool(bit) for bit in _bits(data, count)]
    if kind is Kind.TEXT:
        return _texts(data, count)
    numbers = array(CODES[kind], data)
    if sys.byteorder == "big":
        numbers.byteswap()
    if len(numbers) != count:
        raise compact.Malformed("a column has another number of values than it says")
    if kind is Kind.TIME:
        return [_EPOCH + datetime.timedelta(microseconds=value) for value in numbers]
    return numbers.tolist()


def _texts(data: bytes, count: int) -> list[str]:
    found, at = [], 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "little")
        at += 4 + size
        found.append(data[at - size : at].decode())
    if at != len(data):
        raise compact.Malformed("a column of texts has another length than it says")
    return found
