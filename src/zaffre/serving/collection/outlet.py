"""Where the rows of one worker wait for the writer: bounded, and never in the way of a request.

They are put into a ring. A pipe carries, as ``SIZE_BYTES`` and a tuple packed with ``marshal``, which bytes of the ring
are new: where they begin and end, and the collectors that have come.
"""

from __future__ import annotations

import contextlib
import json
import logging
import marshal
import os
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from struct import Struct
from typing import Any, Final, Protocol

import zaffre
from zaffre.core.data_collector import Record
from zaffre.serving import board
from zaffre.serving.collection.ring import SIZE_BYTES, Ring
from zaffre.serving.collection.settings import CollectionSettings

log = logging.getLogger("zaffre.serving")

_HAND_OVER_SECONDS: Final = 0.1
_START_SECONDS: Final = 1.0  # between a writer that ended and the next
_TELL_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 10.0
_START: Final = "import sys; sys.path.append({0!r}); from zaffre.serving.collection.writer import main; main()"


class Caller(Protocol):
    """A worker: whose requests ``run()`` has now."""

    call: Any


class Outlet:
    """The ``Sink`` of a worker. A thread and the writer's process exist as soon as a collector does.

    The thread starts the writer, and tells it ten times a second what is new in the ring. It does so without the lock
    that requests take: while the system has no time for the writer, the pipe that it reads may be kept busy.
    """

    def __init__(self, settings: CollectionSettings, row: memoryview) -> None:
        self._settings = settings
        self._sample = settings.sample
        self._row = row
        self._collectors: list[tuple[int, dict[str, Any]]] = []
        self._fresh: list[tuple[int, dict[str, Any]]] = []  # collectors that the writer has not been told of
        self._ring = Ring.made(settings.memory_bytes)
        self._sent = 0  # position in the ring: of what is before, the writer knows
        self._rest = memoryview(b"")  # on its way into the pipe
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._is_over = False
        self._caller: Caller | None = None
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._start_at = 0.0
        self._told = time.monotonic()
        self._dropped_then = row[board.DROPPED]  # a worker before this one had the row
        self._why = ""

    def follow(self, caller: Caller) -> None:
        """Whose requests are collected from now on."""
        self._caller = caller

    def register(self, collector: Mapping[str, Any]) -> int:
        with self._lock:
            number = len(self._collectors)
            self._collectors.append((number, dict(collector)))
            self._fresh.append(self._collectors[-1])
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="collection", daemon=True)
                self._thread.start()
            return number

    def request_ids(self) -> bytes | None:
        caller = self._caller
        if caller is None:  # what the preflight asks is nobody's request
            return None
        call = caller.call
        if call is None:
            return b""
        requests = call.requests
        first: bytes = requests[0][1].request_id
        if self._sample < 1 and zlib.crc32(first) >= self._sample * 2**32:
            return None
        return first if len(requests) == 1 else b"\n".join([request.request_id for _, request in requests])

    def put(self, layout: Struct, record: Record, rows: int) -> None:
        with self._lock:
            if self._is_over or not self._ring.put(layout, record):
                self._drop(rows, "they came faster than they could be written")
                return
            self._row[board.COLLECTED] += rows

    def refuse(self, reason: str) -> None:
        with self._lock:
            self._drop(1, reason)

    def close(self) -> None:
        """Have everything written; returns when it is, or after a time."""
        self._ending.set()
        self._is_over = True
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        if self._child is not None:
            self._end(self._child)
        self._tell()

    def _drop(self, rows: int, why: str) -> None:
        self._row[board.DROPPED] += rows
        self._why = why

    def _push(self) -> None:
        """Put into the pipe what it takes now."""
        if self._pipe < 0:
            return
        try:
            while self._rest or self._has_news():
                self._rest = self._rest[os.write(self._pipe, self._rest) :]
        except BlockingIOError:
            pass  # the writer has enough to do
        except OSError:
            self._pipe = -1  # it ended: another one is told of what it has not taken

    def _has_news(self) -> bool:
        """Make the rest of what came since the last time."""
        with self._lock:
            begin, self._sent = self._sent, self._ring.end
            collectors, self._fresh = self._fresh, []
        if not collectors and begin == self._sent:
            return False
        packed = marshal.dumps((begin, self._sent, collectors))
        self._rest = memoryview(len(packed).to_bytes(SIZE_BYTES, "little") + packed)
        return True

    def _run(self) -> None:
        while not self._ending.wait(_HAND_OVER_SECONDS):
            self._look()
        self._look()
        pipe = self._pipe
        if pipe >= 0:
            with contextlib.suppress(OSError):
                os.set_blocking(pipe, True)
            self._push()

    def _look(self) -> None:
        child = self._child
        if child is not None:
            self._hear(child)
        has_gone = child is None or self._pipe < 0 or child.poll() is not None
        may_start = time.monotonic() > self._start_at or self._ending.is_set()
        if has_gone and may_start and self._ring.taken < self._ring.end:
            self._start_at = time.monotonic() + _START_SECONDS
            self._start()
        self._push()
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._tell()

    def _start(self) -> None:
        facts = {**asdict(self._settings), "folder": str(self._settings.folder), "ring": self._ring.fd}
        place = str(Path(zaffre.__file__).parent.parent)
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START.format(place), json.dumps(facts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=[self._ring.fd],
        )
        before = self._child
        if before is not None:
            self._end(before)
        if child.stdin is None or child.stdout is None:
            return
        pipe = child.stdin.fileno()
        os.set_blocking(child.stdout.fileno(), False)
        os.set_blocking(pipe, False)
        with self._lock:
            self._rest, self._sent, self._fresh = memoryview(b""), self._ring.taken, list(self._collectors)
            self._child, self._pipe = child, pipe

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            log.error("data collection: the last rows could not be written in %.0f s", _CLOSE_SECONDS)
            child.kill()
            child.wait()
        self._hear(child)
        if child.stdout is not None:
            child.stdout.close()

    def _hear(self, child: subprocess.Popen[bytes]) -> None:
        """The writer says, a line for each failure, how many rows it lost and why."""
        if child.stdout is None or child.stdout.closed:
            return
        while lines := child.stdout.read(65536):
            for line in lines.decode("utf-8", "replace").splitlines():
                count, _, why = line.partition(" ")
                if count.isdigit():
                    with self._lock:
                        self._drop(int(count), why)

    def _tell(self) -> None:
        self._told = time.monotonic()
        dropped = self._row[board.DROPPED] - self._dropped_then
        if dropped:
            self._dropped_then += dropped
            log.warning("data collection: %s rows were dropped in the last minute: %s", dropped, self._why)
