"""Who looks after the connections while ``run()`` takes long: a thread that sleeps until the front wakes it.

It answers what needs no ``run()`` (liveness, metrics), ends a call whose time is over, and tells those who waited too
long. It reads no request for ``/score``: these stay in their sockets until the worker, this one or another, has time.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from types import FrameType
from typing import Final

from zaffre.serving.call import Call, ScoringTimeout
from zaffre.serving.poller import ERROR, GONE, IN
from zaffre.serving.worker import Worker

_REST_SECONDS: Final = 0.02


class Lifeguard(threading.Thread):
    """Make and start it on the thread that calls ``run()``."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(name="lifeguard", daemon=True)
        self._worker = worker
        self._watched = threading.get_ident()
        self._struck: Call | None = None
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            signal.signal(signal.SIGALRM, self._strike)

    def run(self) -> None:
        while True:
            is_alone = not self._worker.channel.wait_for_ring()
            call = self._worker.call
            while call is not None and self._worker.call is call:
                self._tend(call)
                time.sleep(_REST_SECONDS)
            if is_alone:  # the worker ends after this call
                time.sleep(_REST_SECONDS)

    def _strike(self, _signal: int, _frame: FrameType | None) -> None:
        """On the thread that calls ``run()``: end that call, once."""
        call = self._worker.call
        if call is not None and call.interrupted and call is not self._struck:
            self._struck = call
            raise ScoringTimeout

    def _tend(self, call: Call) -> None:
        worker = self._worker
        with worker.io:
            if worker.call is not call:
                return
            now = time.monotonic()
            for fd, what in worker.poller.wait(0):
                self._see_to(fd, what, now)
            if worker.is_gone:
                os._exit(0)
            for connection in worker.waiting:
                if connection.waits_since and now - connection.waits_since > min(worker.timeout, worker.patience):
                    self._dismiss(connection.fd, now)
            if now > call.deadline and not call.answered:
                self._end(call)

    def _see_to(self, fd: int, what: int, now: float) -> None:
        worker = self._worker
        connection = worker.connections.get(fd)
        if connection is not None and connection.waits_since:
            return
        if connection is None or connection.serving or not what & IN or connection.lingers_until:
            worker.handle(fd, what, now)
            return
        beginning = b"" if connection.is_reading else connection.peek()
        if worker.app.is_probe(beginning) or (what & (GONE | ERROR) and not beginning):
            worker.handle(fd, what, now)
        else:
            worker.set_aside(connection, now)

    def _dismiss(self, fd: int, now: float) -> None:
        """Answer one who waited as long as one may, without a call."""
        worker = self._worker
        connection = worker.connections.get(fd)
        if connection is None:
            return
        since, connection.waits_since = connection.waits_since, 0.0
        connection.receive(since)
        while connection.requests:
            request = connection.requests.popleft()
            made = worker.app.answer(request)
            if made is not None:
                worker.reply(connection, request, made)
            else:
                worker.waited_too_long(connection, request, now)
        worker.settle(connection)

    def _end(self, call: Call) -> None:
        worker = self._worker
        worker.end(call)
        call.interrupted = True
        # A signal ends what waits in the system, too. Code in C goes on; in the end the front ends the worker.
        if signal.getsignal(signal.SIGALRM) == self._strike:
            signal.pthread_kill(self._watched, signal.SIGALRM)
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._watched), ctypes.py_object(ScoringTimeout))
