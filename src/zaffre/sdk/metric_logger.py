"""Logged values on their way to the server: a buffer in the process, flushed in the background.

Logging never blocks, hangs or fails the script: a value is appended to a deque (well under 10 microseconds) and a
daemon thread sends columns every fifth of a second. When the server is away the values go to a spool on disk and follow
as soon as it answers; a process that ends before that leaves the spool for the next one.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from zaffre.core.codec import decode, encode
from zaffre.core.entities import MetricRecord
from zaffre.core.errors import AzureMLException
from zaffre.core.wire import MetricsAnswer, MetricsBatch
from zaffre.sdk.metric_values import by_name, gather
from zaffre.sdk.scope import Scope
from zaffre.sdk.spool import Send, Spool, SpooledRequest, replay_orphans, send_with
from zaffre.sdk.transport import Retries, is_away

FLUSH_SECONDS: Final = 0.2
SEND_SECONDS: Final = 30.0  # a slower answer counts as none
EXIT_SECONDS: Final = 5.0
IDLE_TICKS: Final = 25  # the thread ends after so many empty looks, and starts anew with the next value
RETRY_SECONDS: Final = 2.0
_log = logging.getLogger("zaffre")


class MetricLogger:
    """The values of one run, in the order of logging. Safe for threads; a forked child sends only its own.

    ``fresh`` says that the run has no metrics yet, so that steps count from 0; otherwise the server is asked once.
    ``folder`` gives the place of the spool, when it is first needed.
    """

    def __init__(self, scope: Scope, run_id: str, folder: Callable[[], Path], *, fresh: bool) -> None:
        self._path = scope.path("runs", run_id, "metrics")
        self._transport = scope.client.transport
        self._client = scope.client
        self._folder = folder
        self._fresh = fresh
        self._steps: dict[str, int] = {}  # the next step of each metric that is logged without one
        self._pid = 0
        self._begin()

    def _begin(self) -> None:
        """Everything that belongs to one process; a forked child begins anew."""
        self._pending: deque[Any] = deque()  # (name, step, nanoseconds, number), MetricRecord, or a flush mark
        self._running = False
        self._starting = threading.Lock()
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._in_flight: SpooledRequest | None = None
        self._spool = Spool(self._folder(), self._client.url)
        self._retry_at = 0.0
        self._warned = False
        self._exiting = False
        self._forked = self._pid != 0
        self._guarded = False  # whether the end of this process sends what is left
        self._pid = os.getpid()

    def _guard_exit(self) -> None:
        # Children of multiprocessing leave by os._exit, past atexit; their own finalizers do run.
        self._guarded = True
        processes = sys.modules.get("multiprocessing.util") if self._forked else None
        if processes is not None:
            processes.Finalize(None, self._at_exit, exitpriority=100)
        else:
            atexit.register(self._at_exit)

    def number(self, name: str, value: int | float, step: int | None) -> None:
        """Append one number; without a ``step`` it gets the metric's next."""
        if self._pid != os.getpid():
            self._begin()
        self._pending.append((name, step, time.time_ns(), value))
        if not self._running:
            self._start()

    def record(self, record: MetricRecord) -> None:
        """Append one value that is not a number."""
        if self._pid != os.getpid():
            self._begin()
        self._pending.append(record)
        if not self._running:
            self._start()

    def flush(self, timeout: float) -> bool:
        """Wait until everything logged so far is durable on the server or, if that is away, in the spool.

        False when that took longer than ``timeout`` seconds.
        """
        if self._pid != os.getpid():
            self._begin()
        if not self._running and not self._pending and not len(self._spool):
            return True
        mark = threading.Event()
        self._pending.append(mark)
        if not self._running and not self._start():
            self._drain()
        self._wake.set()
        return mark.wait(timeout)

    def request(self, method: str, path: str, body: object) -> bool:
        """Send something that must come after every value so far; False when it went to the spool instead.

        A refusal by the server is raised.
        """
        self.flush(EXIT_SECONDS)
        request = SpooledRequest(method, path, encode(body).decode())
        with self._sending:
            if not len(self._spool):
                try:
                    self._sender()(request)
                    return True
                except AzureMLException as error:
                    if not is_away(error):
                        raise
                    self._warn(error)
            self._spool.add(request)
        self._start()
        return False

    def _start(self) -> bool:
        """Start the thread if none runs; False where the interpreter is ending and starts none."""
        with self._starting:
            if not self._guarded:
                self._guard_exit()
            if not self._running:
                self._running = True
                try:
                    threading.Thread(target=self._run, name="zaffre-metrics", daemon=True).start()
                except RuntimeError:
                    self._running = False
        return self._running

    def _run(self) -> None:
        idle = 0
        orphans = True
        while True:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            idle = 0 if self._drain() else idle + 1
            if orphans and not len(self._spool):
                orphans = False
                replay_orphans(self._transport, self._folder())
            if idle > IDLE_TICKS:
                with self._starting:
                    # In this order: whoever appends a value after it was looked for here sees that no thread runs,
                    # waits for the lock, and starts one if this one has really ended.
                    self._running = False
                    if not self._pending and not len(self._spool):
                        return
                    self._running = True
                idle = 0

    def _drain(self) -> bool:
        """Send everything pending, or spool it; True when there was anything to do."""
        worked = False
        with self._sending:
            if len(self._spool) and time.monotonic() >= self._retry_at:
                worked = True
                if not self._spool.replay(self._sender()):
                    self._retry_at = time.monotonic() + RETRY_SECONDS
                elif self._warned:
                    self._warned = False
                    _log.warning("The Zaffre server answers again; the values that waited were sent.")
            while self._pending:
                worked = True
                gathered = gather(self._pending, self._step)
                try:
                    if gathered:
                        self._send(gathered.batch)
                finally:
                    for mark in gathered.marks:
                        mark.set()
        return worked or bool(len(self._spool))

    def _sender(self) -> Send:
        return send_with(self._transport, EXIT_SECONDS if self._exiting else SEND_SECONDS)

    def _send(self, batch: MetricsBatch) -> None:
        """Deliver or spool a batch. One that the server refuses goes metric by metric, so that only what is at fault
        is lost, with a warning."""
        try:
            request = self._request_of(batch)
            if len(self._spool):  # what waits goes first, so that the order stays
                self._spool.add(request)
                return
            self._in_flight = request
            self._sender()(request)
        except AzureMLException as error:
            if is_away(error):
                self._spool.add(request)
                self._retry_at = time.monotonic() + RETRY_SECONDS
                self._warn(error)
            else:
                self._split(batch, error.message)
        except Exception as error:  # nothing that can be logged may end the thread, and so all later values
            self._split(batch, f"{type(error).__name__}: {error}")
        finally:
            self._in_flight = None

    def _split(self, batch: MetricsBatch, reason: str) -> None:
        parts = list(by_name(batch))
        if len(parts) > 1:
            for part in parts:
                self._send(part)
        else:
            name = (batch.series[0] if batch.series else batch.records[0]).name
            _log.warning("Values of the metric %r were not kept: %s", name, reason)

    def _request_of(self, batch: MetricsBatch) -> SpooledRequest:
        return SpooledRequest("POST", self._path, encode(batch).decode())

    def _step(self, name: str, step: int | None) -> int:
        if not self._fresh:
            self._continue_steps()
        if step is None:
            step = self._steps.get(name, 0)
        self._steps[name] = max(self._steps.get(name, 0), step + 1)
        return step

    def _continue_steps(self) -> None:
        """Learn the steps that the run already has, so that new values come after them."""
        self._fresh = True
        try:
            held = self._transport.request(
                "GET", self._path, params={"latest": "true"}, retries=Retries(seconds=0), timeout=EXIT_SECONDS
            ).body
            answer = decode(held, MetricsAnswer, what="the run's metrics")
        except AzureMLException as error:
            _log.debug("the metrics so far are not known: %s", error)
            return
        for series in answer.series:
            self._steps[series.name] = max(series.steps, default=-1) + 1

    def _warn(self, error: AzureMLException) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("%s Logged values wait in %s and are sent later.", error.message, self._spool.path)

    def _at_exit(self) -> None:
        """Send or spool what is left, within EXIT_SECONDS."""
        if self._pid != os.getpid() or not (self._pending or self._in_flight or len(self._spool)):
            return
        self._exiting = True
        deadline = time.monotonic() + EXIT_SECONDS
        if self._pending or self._in_flight:
            self.flush(EXIT_SECONDS)
        if self._sending.acquire(timeout=max(0.1, deadline - time.monotonic())):
            if len(self._spool):  # the server may be back since the last try
                self._spool.replay(send_with(self._transport, EXIT_SECONDS, deadline))
            self._spool.close()
            self._sending.release()
            return
        # The thread still waits for an answer. What it sent may arrive or not: twice is better than never.
        left = Spool(self._folder(), self._client.url)
        in_flight = self._in_flight
        if in_flight is not None:
            left.add(in_flight)
        while self._pending:
            gathered = gather(self._pending, self._step)
            if gathered:
                left.add(self._request_of(gathered.batch))
        left.close()
