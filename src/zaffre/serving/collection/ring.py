"""Memory that a worker and its writer share: bytes wait in it, so that nobody packs, sends or receives them."""

from __future__ import annotations

import mmap
import os
import tempfile
from struct import Struct
from typing import Any, Final

_TAKEN_BYTES: Final = 8
SIZE_BYTES: Final = 4  # of a message, which stands before it in the pipe that tells what is new in a ring


class Ring:
    """One process puts bytes, the other takes them in the same order. It stays when one of them ends.

    Positions count all bytes there ever were. How far the reader is stands in the memory; how far the writer is has
    to be told on another way, which also sees to it that the bytes are there.
    """

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size
        self.end = 0  # of what was put
        self._at = 0  # the end's place
        self._room = size  # at least
        held = memoryview(mmap.mmap(fd, _TAKEN_BYTES + size))
        self._taken = held[:_TAKEN_BYTES].cast("q")
        self._bytes = held[_TAKEN_BYTES:]

    @classmethod
    def made(cls, size: int) -> Ring:
        if hasattr(os, "memfd_create"):
            fd = os.memfd_create("collection")
        else:
            with tempfile.TemporaryFile() as file:
                fd = os.dup(file.fileno())
        os.ftruncate(fd, _TAKEN_BYTES + size)
        return cls(fd, size)

    def put(self, layout: Struct, values: tuple[Any, ...]) -> bool:
        """Pack values into the memory. False where there is no room, and nothing was put."""
        size = layout.size
        if size > self._room:
            self._room = self.size - (self.end - self._taken[0])
            if size > self._room:
                return False
        at = self._at
        after = at + size
        if after < self.size:
            layout.pack_into(self._bytes, at, *values)
        else:
            data = layout.pack(*values)
            split, after = self.size - at, after - self.size
            self._bytes[at:] = data[:split]
            self._bytes[:after] = data[split:]
        self._at = after
        self.end += size
        self._room -= size
        return True

    def read(self, position: int, size: int) -> bytes:
        at = position % self.size
        held = bytes(self._bytes[at : at + size])
        return held + bytes(self._bytes[: size - len(held)])

    @property
    def taken(self) -> int:
        """The position up to which all was taken."""
        return self._taken[0]

    def free(self, position: int) -> None:
        """What is before it was taken."""
        self._taken[0] = position
