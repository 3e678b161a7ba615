"""The requests that wait for one call of a batched ``run()``, and that call."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from zaffre.serving import board as boards
from zaffre.serving import metrics
from zaffre.serving.batching import Batching, Rows, WrongLength, split
from zaffre.serving.call import Call
from zaffre.serving.connection import Connection
from zaffre.serving.outcome import failure, success
from zaffre.serving.request import Request
from zaffre.serving.results import Answer


@dataclass(slots=True)
class Waiting:
    connection: Connection
    request: Request
    rows: Rows
    since: float


class Runner(Protocol):
    """What a batch needs of the worker."""

    row: memoryview
    timeout: float

    def run(self, call: Call, arguments: dict[str, Any]) -> tuple[Any, BaseException | None, float]: ...

    def finish(self, connection: Connection, request: Request, made: Answer | None) -> None: ...


class Batch:
    def __init__(self, worker: Runner, batching: Batching, run: Callable[..., Any]) -> None:
        self._worker = worker
        self._size = batching.max_size
        self._patience = batching.max_wait_ms / 1000
        self._parameter = next(iter(inspect.signature(run).parameters))
        self._waiting: list[Waiting] = []
        self._rows = 0

    def add(self, connection: Connection, request: Request, rows: Rows) -> None:
        self._waiting.append(Waiting(connection, request, rows, time.monotonic()))
        self._rows += len(rows.values)

    def wait(self) -> float | None:
        """How many seconds the next call may wait for more; None when nothing waits."""
        if not self._waiting:
            return None
        return max(0.0, self._waiting[0].since + self._patience - time.monotonic())

    def work(self, connections: int) -> None:
        """Make the calls that are due: enough rows, waited long enough, or no other caller that could add to them."""
        while self._waiting:
            if self._rows < self._size and self.wait() and len(self._waiting) < connections:
                return
            self._run(self._taken())

    def _taken(self) -> list[Waiting]:
        """The first requests, as many as fit; requests stay whole."""
        count, rows = 0, 0
        for one in self._waiting:
            rows += len(one.rows.values)
            if count and rows > self._size:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        self._rows = sum(len(one.rows.values) for one in self._waiting)
        return taken

    def _run(self, members: list[Waiting]) -> None:
        rows = [row for one in members for row in one.rows.values]
        now = time.monotonic()
        metrics.observe_batch(self._worker.row, len(rows), sum(now - one.since for one in members))
        requests = [(one.connection, one.request) for one in members]
        call = Call(requests, min(request.arrived for _, request in requests) + self._worker.timeout)
        value, error, seconds = self._worker.run(call, {self._parameter: rows})
        if call.answered:
            for one in members:
                self._worker.finish(one.connection, one.request, None)
            return
        if error is not None and len(members) > 1:  # one of them is at fault: it alone shall suffer
            self._worker.row[boards.SPLIT_BATCHES] += 1
            half = len(members) // 2
            self._run(members[:half])
            self._run(members[half:])
            return
        results: list[list[Any]] = []
        if error is None:
            try:
                results = split(value, [len(one.rows.values) for one in members])
            except WrongLength as wrong:
                error = wrong
        for number, one in enumerate(members):
            if error is not None:
                made = failure(one.request, error)
            else:
                found = results[number]
                made = success(one.request, found[0] if one.rows.is_single else found, seconds)
            self._worker.finish(one.connection, one.request, made)
