"""What the processes of one service share: how far each connection's request has come, and the workers' counters.

Two mappings, made before the first worker is forked. Every byte has one writer at a time: a slot is written by the
worker that holds its connection, a row of counters by the worker it was given to, the head by the front. So
there is no lock, and what a worker wrote last is there after it crashed. The counters may be a file, which whoever
supervises the service reads (``core.service_counters``).
"""

from __future__ import annotations

import mmap
import time
from pathlib import Path
from typing import Final

from zaffre.core import service_counters as counters
from zaffre.core.latency import BUCKETS as LATENCIES

SLOTS: Final = 8192  # connections that may be open at once
_SLOT_BYTES: Final = 112
_ID_BYTES: Final = 100

# The first byte of a slot: what a crash of the worker would mean for its connection.
IDLE: Final = 0  # nothing of a request was read: another worker can go on
READING: Final = 1  # a part of one was read, and is lost
RUNNING: Final = 2  # run() has it
ANSWERING: Final = 3  # a part of the answer may be out
CLOSED: Final = 4  # the worker holds the connection no more

# Cells of a worker's row, 8 bytes each.
BUSY_SINCE: Final = 0  # time.monotonic_ns() when run() began; 0: it is not running
WORKED: Final = 1  # requests that this process has answered
FAILED: Final = 2  # answers with x-ms-run-function-failed
SECONDS: Final = 3  # microseconds, summed, of all answers of /score
RUN_SECONDS: Final = 4  # of run()
BATCHES: Final = 5
BATCH_ROWS: Final = 6
BATCH_WAITS: Final = 7  # microseconds that requests waited for their batch, summed
SPLIT_BATCHES: Final = 8  # batches that were run again in parts
COLLECTED: Final = 9  # rows of ModelDataCollector that were taken
DROPPED: Final = 10  # and those that were not kept
EXPORTED: Final = 11  # spans and log records that an OpenTelemetry collector took
EXPORT_FAILED: Final = 12  # and those that it did not
EXPORT_REFUSED: Final = 13  # and those for which there was no room
BUSY: Final = 14  # nanoseconds, summed, in which it did not wait for callers; a call that goes on counts when it ends
STATUSES: Final = 16  # 600 cells: answers of /score by status
BUCKETS: Final = 640  # answers of /score by time, see metrics.BOUNDS; the last cell is what is over all bounds
SIZES: Final = 672  # batches by rows, see metrics.SIZE_BOUNDS
LATENCY: Final = 704  # answers of /score by time, in the fine buckets of core.latency
CELLS: Final = LATENCY + LATENCIES


class Board:
    """``head`` is what the front writes for all: see ``core.service_counters``."""

    def __init__(self, rows: int, file: Path | None = None) -> None:
        self.rows = rows
        self._slots = memoryview(mmap.mmap(-1, SLOTS * _SLOT_BYTES))
        size = (counters.HEAD + rows * CELLS) * 8
        mapped = memoryview(mmap.mmap(-1, size) if file is None else _mapped(file, size)).cast("Q")
        self.head = mapped[: counters.HEAD]
        self._cells = mapped[counters.HEAD :]
        self.head[counters.ROWS] = rows
        self.head[counters.ROW_CELLS] = CELLS
        self.head[counters.AT_STATUSES] = STATUSES
        self.head[counters.AT_FAILED] = FAILED
        self.head[counters.AT_MICROS] = SECONDS
        self.head[counters.AT_LATENCY] = LATENCY
        self.head[0] = counters.MARK  # last: from now on it is whole

    def row(self, number: int) -> memoryview:
        """The counters of one worker, as 64 bit numbers."""
        return self._cells[number * CELLS : (number + 1) * CELLS]

    def total(self, cell: int) -> int:
        return sum(self._cells[row * CELLS + cell] for row in range(self.rows))

    def begin(self, slot: int, request_id: bytes) -> None:
        """``run()`` gets the request of this slot's connection."""
        at = slot * _SLOT_BYTES
        size = min(len(request_id), _ID_BYTES)
        self._slots[at + 1] = size
        self._slots[at + 2 : at + 2 + size] = request_id[:size]
        self._slots[at] = RUNNING

    def set(self, slot: int, state: int) -> None:
        self._slots[slot * _SLOT_BYTES] = state

    def state(self, slot: int) -> int:
        return self._slots[slot * _SLOT_BYTES]

    def request_id(self, slot: int) -> bytes:
        at = slot * _SLOT_BYTES
        return bytes(self._slots[at + 2 : at + 2 + self._slots[at + 1]])


class BusyTime:
    """Counts into a worker's row the time that it does not wait for callers."""

    def __init__(self, row: memoryview) -> None:
        self._row = row
        self._counted = time.monotonic_ns()  # up to when it is on the board

    def begin(self) -> None:
        """It waited until now."""
        self._counted = time.monotonic_ns()

    def count(self) -> None:
        now = time.monotonic_ns()
        self._row[BUSY] += now - self._counted
        self._counted = now


def _mapped(file: Path, size: int) -> mmap.mmap:
    """A new file of zeros; its place on the disk is taken now, not when a worker counts."""
    with file.open("w+b") as made:
        made.write(bytes(size))
        made.flush()
        file.chmod(0o644)  # in a container it is written by another account than its reader's
        return mmap.mmap(made.fileno(), size)
