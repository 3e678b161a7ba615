"""The memory between a worker and its writer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from struct import Struct

import pytest

from zaffre.serving.collection.ring import Ring

SIZE = 10


@pytest.fixture
def ends() -> Iterator[tuple[Ring, Ring]]:
    """Two maps of the same memory, as two processes have them."""
    one = Ring.made(SIZE)
    yield one, Ring(one.fd, SIZE)
    os.close(one.fd)


def put(ring: Ring, data: bytes) -> bool:
    """In two parts."""
    return ring.put(
        Struct(f"<{len(data) // 2}s{len(data) - len(data) // 2}s"), (data[: len(data) // 2], data[len(data) // 2 :])
    )


def test_bytes_come_out_as_they_went_in_wherever_the_memory_ends(ends: tuple[Ring, Ring]) -> None:
    writer, reader = ends
    position = 0
    for size in [*range(SIZE + 1), *range(SIZE, 0, -1), 3, 7, 3, 10]:
        data = os.urandom(size)
        assert put(writer, data)
        assert writer.end == position + size
        assert reader.read(position, size) == data
        position += size
        reader.free(position)


def test_what_was_not_taken_is_never_written_over(ends: tuple[Ring, Ring]) -> None:
    writer, reader = ends
    assert put(writer, b"abcd")
    assert put(writer, b"efgh")

    assert not put(writer, b"ijk")
    reader.free(4)
    assert put(writer, b"ijk")
    assert not put(writer, b"lmnp")
    assert reader.read(4, 7) == b"efghijk"
    reader.free(11)
    assert not put(writer, b"more than fits")
