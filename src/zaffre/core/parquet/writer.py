"""A table as the bytes of a Parquet file: one row group, plain values, gzip where it helps (as Apache specifies it)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

from zaffre.core.parquet import compact
from zaffre.core.parquet.columns import Column, pack_booleans
from zaffre.core.parquet.compact import Value, i32, i64, list_of, struct, text, varint

MAGIC: Final = b"PAR1"
UNCOMPRESSED: Final = 0
GZIP: Final = 2
PLAIN: Final = 0
RLE: Final = 3
_OPTIONAL: Final = 1
_FASTEST: Final = 1
_SAMPLE_BYTES: Final = 2048
_WORTH: Final = 0.9  # of its size; to pack what becomes no smaller takes most of a file's time


def table(columns: Sequence[Column], metadata: dict[str, str] | None = None) -> bytes:
    """The file; ``columns`` have equally many rows and different names, and there is at least one."""
    out = bytearray(MAGIC)
    chunks = []
    plain_bytes = 0
    for column in columns:
        at, page = len(out), _page(column)
        codec, packed = _packed(page)
        header = _page_header(column.count, len(page), len(packed))
        out += header + packed
        plain_bytes += len(header) + len(page)
        chunks.append(_chunk(column, codec, at, len(header) + len(page), len(header) + len(packed)))
    group = struct({1: list_of(chunks), 2: i64(plain_bytes), 3: i64(columns[0].count)})
    schema = [struct({4: text("schema"), 5: i32(len(columns))}), *(_element(column) for column in columns)]
    footer: dict[int, Value] = {1: i32(1), 2: list_of(schema), 3: i64(columns[0].count), 4: list_of([group])}
    if metadata:
        footer[5] = list_of([struct({1: text(key), 2: text(value)}) for key, value in metadata.items()])
    footer[6] = text("zaffre")
    end = compact.encode(footer)
    return bytes(out) + end + len(end).to_bytes(4, "little") + MAGIC


def _element(column: Column) -> Value:
    physical, meaning = column.kind.value
    fields: dict[int, Value] = {1: i32(physical), 3: i32(_OPTIONAL), 4: text(column.name)}
    if meaning is not None:
        fields[6] = i32(meaning)
    return struct(fields)


def _chunk(column: Column, codec: int, at: int, plain_bytes: int, packed_bytes: int) -> Value:
    physical, _ = column.kind.value
    about = struct(
        {
            1: i32(physical),
            2: list_of([i32(PLAIN), i32(RLE)]),
            3: list_of([text(column.name)]),
            4: i32(codec),
            5: i64(column.count),
            6: i64(plain_bytes),
            7: i64(packed_bytes),
            9: i64(at),
        }
    )
    return struct({2: i64(at), 3: about})


def _page_header(count: int, plain_bytes: int, packed_bytes: int) -> bytes:
    data = struct({1: i32(count), 2: i32(PLAIN), 3: i32(RLE), 4: i32(RLE)})
    return compact.encode({1: i32(0), 2: i32(plain_bytes), 3: i32(packed_bytes), 5: data})


def _page(column: Column) -> bytes:
    """Which values are there, in runs of one bit each, then the values."""
    if column.present is None:
        levels = varint(column.count << 1) + b"\x01"
    else:
        groups = (column.count + 7) // 8
        levels = varint(groups << 1 | 1) + pack_booleans(column.present)
    return len(levels).to_bytes(4, "little") + levels + column.data


def _packed(page: bytes) -> tuple[int, bytes]:
    """The codec, and the page packed with it."""
    middle = len(page) // 2
    sample = page[middle : middle + _SAMPLE_BYTES]
    if len(sample) == _SAMPLE_BYTES and len(_gzip(sample)) > _WORTH * _SAMPLE_BYTES:
        return UNCOMPRESSED, page
    return GZIP, _gzip(page)


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(_FASTEST, wbits=31)
    return packer.compress(data) + packer.flush()
