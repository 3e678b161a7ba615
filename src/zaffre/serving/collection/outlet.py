"""Where the rows of one worker wait for the writer: bounded, and never in the way of a request."""

from __future__ import annotations

import json
import logging
import marshal
import os
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Protocol

import zaffre
from zaffre.serving import board
from zaffre.serving.collection.settings import CollectionSettings

log = logging.getLogger("zaffre.serving")

SIZE_BYTES: Final = 4  # before each record
_HAND_OVER_BYTES: Final = 256 * 1024
_HAND_OVER_SECONDS: Final = 0.5
_TELL_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 10.0
_START: Final = "import sys; sys.path.append({0!r}); from zaffre.serving.collection.writer import main; main()"


class Caller(Protocol):
    """A worker: whose requests ``run()`` has now."""

    call: Any


class Outlet:
    """The ``Sink`` of a worker. A thread and the writer's process exist as soon as a collector does."""

    def __init__(self, settings: CollectionSettings, row: memoryview) -> None:
        self._settings = settings
        self._row = row
        self._collectors: list[bytes] = []
        self._sent = 0  # of the collectors, to the writer of now
        self._records: list[bytes] = []
        self._held = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._caller: Caller | None = None
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._told = time.monotonic()
        self._dropped_then = row[board.DROPPED]  # a worker before this one had the row
        self._why = ""

    def follow(self, caller: Caller) -> None:
        """Whose requests are collected from now on."""
        self._caller = caller

    def register(self, collector: Mapping[str, Any]) -> int:
        with self._lock:
            number = len(self._collectors)
            self._collectors.append(marshal.dumps((number, dict(collector))))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="collection", daemon=True)
                self._thread.start()
            return number

    def wants(self, request_ids: Sequence[str]) -> bool:
        sample = self._settings.sample
        if self._caller is None:  # what the preflight asks is nobody's request
            return False
        return sample >= 1 or not request_ids or zlib.crc32(request_ids[0].encode()) < sample * 2**32

    def request_ids(self) -> list[str]:
        call = self._caller.call if self._caller is not None else None
        return [] if call is None else [request.request_id.decode("latin-1") for _, request in call.requests]

    def put(self, record: bytes, rows: int) -> None:
        with self._lock:
            if self._held + len(record) > self._settings.memory_bytes or self._closed:
                self._drop(rows, "they came faster than they could be written")
                return
            self._records.append(record)
            before = self._held
            self._held = before + len(record)
            self._row[board.COLLECTED] += rows
        if before < _HAND_OVER_BYTES <= self._held:
            self._wake.set()

    def refuse(self, reason: str) -> None:
        with self._lock:
            self._drop(1, reason)

    def close(self) -> None:
        """Have everything written; returns when it is, or after a time."""
        with self._lock:
            self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        if self._child is not None:
            self._end(self._child)
        self._tell()

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

    def _drop(self, rows: int, why: str) -> None:
        self._row[board.DROPPED] += rows
        self._why = why

    def _run(self) -> None:
        while True:
            self._wake.wait(_HAND_OVER_SECONDS)
            self._wake.clear()
            with self._lock:
                records, self._records = self._records, []
                size, is_last = self._held, self._closed
            if records:
                self._hand_over(records)
                with self._lock:
                    self._held -= size  # only now: what waits to be taken is in memory too
            if self._child is not None:
                self._hear(self._child)
            if time.monotonic() - self._told > _TELL_SECONDS:
                self._tell()
            if is_last:
                return

    def _hand_over(self, records: list[bytes]) -> None:
        try:
            self._write(records)
        except OSError as error:
            with self._lock:
                self._drop(len(records), f"the process that writes them ended ({error.strerror})")
            self._child = None

    def _write(self, records: list[bytes]) -> None:
        if self._child is None or self._child.poll() is not None:
            self._child, self._sent = self._start(), 0
        with self._lock:
            known, self._sent = self._collectors[self._sent :], len(self._collectors)
        sink = self._child.stdin
        view = memoryview(
            b"".join([part for one in (*known, *records) for part in (len(one).to_bytes(SIZE_BYTES, "little"), one)])
        )
        while view and sink is not None:
            view = view[os.write(sink.fileno(), view) :]

    def _start(self) -> subprocess.Popen[bytes]:
        facts = {**asdict(self._settings), "folder": str(self._settings.folder)}
        place = str(Path(zaffre.__file__).parent.parent)
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START.format(place), json.dumps(facts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        if child.stdout is not None:
            os.set_blocking(child.stdout.fileno(), False)
        return child

    def _hear(self, child: subprocess.Popen[bytes]) -> None:
        """The writer says, a line for each failure, how many rows it lost and why."""
        if child.stdout is None:
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
