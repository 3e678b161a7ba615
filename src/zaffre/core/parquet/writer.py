"""A table as the bytes of a Parquet file: one row group, plain values, gzip where it helps (as Apache specifies it).

A column that has one value throughout is a dictionary of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from struct import calcsize
from typing import Final, NamedTuple

from zaffre.core.parquet import compact
from zaffre.core.parquet.columns import CODES, Column, Kind, pack_booleans
from zaffre.core.parquet.compact import Value, i32, i64, list_of, struct, text, varint

MAGIC: Final = b"PAR1"
UNCOMPRESSED: Final = 0
GZIP: Final = 2
PLAIN: Final = 0
RLE: Final = 3
DICTIONARY: Final = 8  # RLE_DICTIONARY
_DICTIONARY_PAGE: Final = 2
_OPTIONAL: Final = 1
_FASTEST: Final = 1
_SAMPLE_BYTES: Final = 2048
_WORTH: Final = 0.9  # of its size; to pack what becomes no smaller takes most of a file's time
_MOST_NAMES: Final = 8192  # of columns, which come again with the next file
_LEAST_BYTES: Final = 64  # of values, for which a dictionary is made
_BYTES: Final = {kind: calcsize(f"<{code}") for kind, code in CODES.items()}  # of a value


def table(columns: Sequence[Column], metadata: dict[str, str] | None = None) -> bytes:
    """The file; ``columns`` have equally many rows and different names, and there is at least one."""
    return b"".join(pieces(columns, metadata))


def pieces(columns: Sequence[Column], metadata: dict[str, str] | None = None, *, packs: bool = True) -> list[bytes]:
    """The file in its parts. To pack with gzip takes ten times longer than all else."""
    out = [MAGIC]
    at = len(MAGIC)
    chunks = []
    plain_bytes = 0
    shapes: dict[_Shape, tuple[bytes, bytes]] = {}
    for column in columns:
        chunk, parts = _chunk(column, packs=packs)
        chunks.append(_about(column, chunk, at, shapes))
        out += parts
        at += chunk.packed_bytes
        plain_bytes += chunk.plain_bytes
    group = struct({1: list_of(chunks), 2: i64(plain_bytes), 3: i64(columns[0].count)})
    schema = [
        struct({4: text("schema"), 5: i32(len(columns))}),
        *(_element(column.name, column.kind) for column in columns),
    ]
    footer: dict[int, Value] = {1: i32(1), 2: list_of(schema), 3: i64(columns[0].count), 4: list_of([group])}
    if metadata:
        footer[5] = list_of([struct({1: text(key), 2: text(value)}) for key, value in metadata.items()])
    footer[6] = text("zaffre")
    end = compact.encode(footer)
    return [*out, end, len(end).to_bytes(4, "little"), MAGIC]


class _Chunk(NamedTuple):
    """How a column stands in the file."""

    encodings: tuple[int, ...]
    codec: int
    plain_bytes: int  # with the headers of its pages
    packed_bytes: int
    data_at: int  # where the page of values begins; before it stands that of a dictionary


_Shape = tuple[Kind, _Chunk]


def _chunk(column: Column, *, packs: bool) -> tuple[_Chunk, list[bytes]]:
    """The column's pages."""
    levels = _levels(column)
    single = _single(column)
    if single is not None:
        dictionary = _dictionary_header(len(single)) + single
        page = levels + b"\x01" + varint(column.count << 1) + b"\x00"  # indices of one bit, in one run: all are 0
        pages = _page_header(column.count, DICTIONARY, len(page), len(page)) + page
        whole = len(dictionary) + len(pages)
        return _Chunk((PLAIN, RLE, DICTIONARY), UNCOMPRESSED, whole, whole, len(dictionary)), [dictionary, pages]
    plain = len(levels) + len(column.data)
    codec, packed = _packed(levels, column.data) if packs else (UNCOMPRESSED, [levels, column.data])
    size_packed = sum(map(len, packed))
    header = _page_header(column.count, PLAIN, plain, size_packed)
    return _Chunk((PLAIN, RLE), codec, len(header) + plain, len(header) + size_packed, 0), [header, *packed]


def _single(column: Column) -> bytes | None:
    """The one value that all rows have, where they have one and it is worth it."""
    data = column.data
    if column.present is not None or column.kind is Kind.BOOLEAN or len(data) < _LEAST_BYTES:
        return None
    size = _BYTES.get(column.kind) or 4 + int.from_bytes(data[:4], "little")
    first = data[:size]
    if size * column.count != len(data) or data[-size:] != first or data != first * column.count:
        return None
    return first


def _about(column: Column, chunk: _Chunk, at: int, shapes: dict[_Shape, tuple[bytes, bytes]]) -> Value:
    """What the footer says of a column, whose pages begin at a byte. Many columns are alike: what is, is kept."""
    around = shapes.get((column.kind, chunk))
    if around is None:
        begin = compact.fields(
            {1: i32(column.kind.value[0]), 2: list_of([i32(encoding) for encoding in chunk.encodings])}
        )
        rest: dict[int, Value] = {4: i32(chunk.codec), 5: i64(column.count)}
        rest |= {6: i64(chunk.plain_bytes), 7: i64(chunk.packed_bytes)}
        around = shapes[column.kind, chunk] = begin, compact.fields(rest, after=3)
    places = {9: i64(at + chunk.data_at)} | ({11: i64(at)} if chunk.data_at else {})
    begin, middle = around
    about = compact.whole(begin + _path(column.name) + middle + compact.fields(places, after=7))
    return struct({2: i64(at), 3: about})


@lru_cache(_MOST_NAMES)
def _path(name: str) -> bytes:
    return compact.fields({3: list_of([text(name)])}, after=2)


@lru_cache(_MOST_NAMES)
def _element(name: str, kind: Kind) -> Value:
    physical, meaning = kind.value
    fields: dict[int, Value] = {1: i32(physical), 3: i32(_OPTIONAL), 4: text(name)}
    if meaning is not None:
        fields[6] = i32(meaning)
    return struct(fields)


@lru_cache(16)
def _dictionary_header(size: int) -> bytes:
    about = struct({1: i32(1), 2: i32(PLAIN)})
    return compact.encode({1: i32(_DICTIONARY_PAGE), 2: i32(size), 3: i32(size), 7: about})


@lru_cache(16)
def _page_header(count: int, encoding: int, plain_bytes: int, packed_bytes: int) -> bytes:
    data = struct({1: i32(count), 2: i32(encoding), 3: i32(RLE), 4: i32(RLE)})
    return compact.encode({1: i32(0), 2: i32(plain_bytes), 3: i32(packed_bytes), 5: data})


def _levels(column: Column) -> bytes:
    """Which values are there, in runs of one bit each."""
    if column.present is None:
        levels = varint(column.count << 1) + b"\x01"
    else:
        groups = (column.count + 7) // 8
        levels = varint(groups << 1 | 1) + pack_booleans(column.present)
    return len(levels).to_bytes(4, "little") + levels


def _packed(levels: bytes, data: bytes) -> tuple[int, list[bytes]]:
    """The codec, and the page packed with it."""
    middle = len(data) // 2
    sample = data[middle : middle + _SAMPLE_BYTES]
    if len(sample) == _SAMPLE_BYTES:
        tried = zlib.compressobj(_FASTEST, wbits=-12, memLevel=4)  # a window of 4 KB is made sooner than one of 32
        if len(tried.compress(sample) + tried.flush()) > _WORTH * _SAMPLE_BYTES:
            return UNCOMPRESSED, [levels, data]
    packer = zlib.compressobj(_FASTEST, wbits=31)
    return GZIP, [packer.compress(levels), packer.compress(data), packer.flush()]
