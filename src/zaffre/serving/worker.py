"""The loop of one worker: it reads a request, calls ``run()`` on it, answers, and reads the next.

It stands on the main thread, where the script was imported, so that thread-local state, signal handlers and event loops
of user code behave as in a plain script, and nothing is handed from thread to thread. A request that is not its turn
yet stays unread in its socket: should the worker crash, another one finds it there. While ``run()`` takes long, the
``Lifeguard`` looks after the connections; ``io`` is held by the one of the two that does.
"""

from __future__ import annotations

import gc
import logging
import socket
import threading
import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, Final

from zaffre.serving import board as boards
from zaffre.serving import channel as channels
from zaffre.serving import metrics, streams
from zaffre.serving.app import App
from zaffre.serving.batch import Batch
from zaffre.serving.board import Board, BusyTime
from zaffre.serving.call import Call, ScoringTimeout
from zaffre.serving.channel import WorkerEnd
from zaffre.serving.connection import Connection
from zaffre.serving.coroutines import Coroutines, asynchronous
from zaffre.serving.inputs import Arguments, Refused
from zaffre.serving.outcome import failure, name, success
from zaffre.serving.poller import ERROR, GONE, IN, NOTHING, OUT, Poller
from zaffre.serving.reply import LAST_CHUNK, Replies, chunk
from zaffre.serving.request import Ids, Request
from zaffre.serving.results import Answer, busy, message
from zaffre.serving.script import EntryScript, user_traceback
from zaffre.serving.settings import Settings

if TYPE_CHECKING:
    from zaffre.serving.tracer import Tracer

log = logging.getLogger("zaffre.serving")

KEEP_ALIVE_SECONDS: Final = 75.0
DRAIN_SECONDS: Final = 30.0  # how long running requests may take when the service stops
SETTLE_SECONDS: Final = 0.25  # how long a caller who was accepted at the last moment has to send the request
LINGER_SECONDS: Final = 2.0
_TICK_SECONDS: Final = 0.25
_LONG_SECONDS: Final = 0.01


class Worker:
    """``work`` until the front orders the end or is gone."""

    def __init__(
        self, settings: Settings, script: EntryScript, app: App, board: Board, row: memoryview, channel: WorkerEnd
    ) -> None:
        self.io = threading.RLock()
        self.call: Call | None = None
        self.connections: dict[int, Connection] = {}
        self.waiting: list[Connection] = []  # readable while run() was busy, and left alone
        self.poller = Poller()
        self.app = app
        self.row = row
        self.tracer: Tracer | None = None
        self.is_gone = False  # the front
        self.timeout = settings.timeout_ms / 1000
        self.patience = settings.max_wait_ms / 1000 or inf  # of requests that wait for run()
        self._settings = settings
        self._script = script
        self._board = board
        self.channel = channel
        self._replies = Replies(settings.server_version, settings.cors_origins)
        self._debug = log.isEnabledFor(logging.DEBUG)
        self._fault_status = settings.fault_status
        self._now = time.monotonic()
        self._swept = self._now
        self._busy = BusyTime(row)
        self._ids = Ids()
        self._retiring = False
        self._draining_since = 0.0
        self._full_at = settings.max_requests
        self._coroutines = self._made_coroutines()
        self._batch = Batch(self, script.batching, script.run) if script.batching is not None else None
        self.poller.watch(channel.fileno(), IN)

    def work(self) -> None:
        gc.freeze()  # what the import and init() made stays: no collection in a request walks over it again
        with self.io:
            while not self._is_done():
                self._busy.count()
                events = self._wait(self._patience())
                self._busy.begin()
                self._now = time.monotonic()
                for fd, what in events:
                    self.handle(fd, what, self._now)
                if self._batch is not None:
                    self._batch.work(len(self.connections))
                if self.waiting:
                    self._resume()
                if self._now - self._swept > _TICK_SECONDS:
                    self.sweep(self._now)

    def _made_coroutines(self) -> Coroutines | None:
        found = asynchronous(self._script.run)
        return None if found is None else Coroutines(self, found.run, found.loop)

    def handle(self, fd: int, what: int, now: float) -> None:
        """See to one descriptor that is ready."""
        connection = self.connections.get(fd)
        if connection is None:
            if fd == self.channel.fileno():
                self._take(now)
            return
        if what & OUT:
            connection.flush()
        if connection.serving:
            if what & (GONE | ERROR):  # told again and again: look no more until it is answered
                connection.ended = True
                self._want(connection, -1)
            elif what & IN:  # it sends the next request already: it is read when this one is answered
                self._want(connection, NOTHING)
            return
        if what & (IN | GONE | ERROR) and not connection.out:
            connection.receive(connection.waits_since or now)
            connection.waits_since = 0.0
        self.proceed(connection)

    def proceed(self, connection: Connection) -> None:
        """Answer what was read whole, as long as the other side takes the answers."""
        while connection.requests and not connection.out and not connection.serving:
            made = self.app.answer(connection.requests[0])
            if made is None and self.call is not None:  # we are the lifeguard
                self.set_aside(connection, time.monotonic())
                return
            request = connection.requests.popleft()
            if made is not None:
                self.reply(connection, request, made)
            else:
                self._answer(connection, request)
        self.settle(connection)

    def settle(self, connection: Connection) -> None:
        """Wait for what comes next on this connection, or end it."""
        if connection.serving:
            return
        if connection.out:
            self._want(connection, OUT)
        elif connection.ended:
            self._close(connection)
        elif connection.closing and not connection.lingers_until:
            connection.linger(time.monotonic() + LINGER_SECONDS)
            self._want(connection, IN)
        else:
            if not connection.is_reading and not connection.requests:
                self._board.set(connection.slot, boards.IDLE)
                connection.idle_since = self._now
            if not self._gives_back(connection):
                self._want(connection, IN)

    def reply(self, connection: Connection, request: Request, made: Answer) -> None:
        """Send an answer and count it."""
        if not request.keep_alive or self._draining_since:
            connection.closing = True
        if made.status == 500:
            made.status = self._fault_status
        self._board.set(connection.slot, boards.ANSWERING)
        connection.send(self._replies.whole(made, request, close=connection.closing))
        if request.path == self.app.score_path:
            seconds = time.monotonic() - request.arrived
            metrics.observe(self.row, made.status, seconds, made.seconds, bool(made.failed))
            if self.tracer is not None:
                self.tracer.answered(request, made.status, seconds)
            if self.row[boards.WORKED] == self._full_at:
                self.channel.tell(stage="full")
            if self._debug:
                log.debug("%s %s %s %.3f ms", request.method, request.path, made.status, seconds * 1000)

    def under_way(self) -> list[Request]:
        """The requests that ``run()`` has now."""
        call = self.call
        return [] if call is None else [request for _, request in call.requests]

    def mark_answered(self, connection: Connection) -> None:
        """Nothing of it is lost with this process any more."""
        self._board.set(connection.slot, boards.ANSWERING if connection.out else boards.IDLE)

    def end(self, call: Call) -> None:
        """Answer a call whose time is over while it goes on."""
        for connection, request in call.requests:
            self.too_late(connection, request)
            self.mark_answered(connection)
        call.answered = True

    def too_late(self, connection: Connection, request: Request) -> None:
        """Answer a request whose time is over."""
        if connection.is_streaming:
            connection.closing = True
            return
        sentence = f"Scoring timeout after {self._settings.timeout_ms} ms"
        status = self._settings.late_status
        self.reply(connection, request, message(status, sentence, failed=True, request_id=request.request_id))

    def waited_too_long(self, connection: Connection, request: Request, now: float) -> bool:
        """Answer a request for which there was no time, and say so."""
        if now - request.arrived > self.timeout:
            self.too_late(connection, request)
        elif now - request.complete > self.patience:
            self.reply(connection, request, busy(self._settings.max_wait_ms, request.request_id))
        else:
            return False
        return True

    def sweep(self, now: float) -> None:
        """End the connections that took too long."""
        self._swept = now
        slow = now - self._settings.read_timeout_ms / 1000
        for connection in list(self.connections.values()):
            if connection.serving or connection.out or connection.waits_since:
                continue
            if connection.lingers_until:
                is_over = now > connection.lingers_until
            elif connection.is_reading:
                if connection.begun < slow:
                    connection.give_up_reading(408, "The request did not arrive in time.")
                    self.proceed(connection)
                continue
            elif self._draining_since:
                is_over = now - self._draining_since > SETTLE_SECONDS
            else:
                is_over = now - connection.idle_since > KEEP_ALIVE_SECONDS
            if is_over:
                self._close(connection)

    def _answer(self, connection: Connection, request: Request) -> None:
        if self.waited_too_long(connection, request, time.monotonic()):
            return
        try:
            arguments = self._script.arguments(request)
        except Refused as refused:
            self.reply(connection, request, message(refused.status, refused.message))
            return
        self._board.begin(connection.slot, request.request_id)
        connection.serving = True
        if self._batch is not None:
            self._batch.add(connection, request, arguments["rows"])
        else:
            self._score(connection, request, arguments)

    def _score(self, connection: Connection, request: Request, arguments: Arguments) -> None:
        call = Call([(connection, request)], request.arrived + self.timeout)
        if self._coroutines is not None:
            self._coroutines.begin(call, arguments)
        else:
            self._end_call(call, *self.run(call, arguments))

    def conclude(self, call: Call, value: Any, error: BaseException | None, seconds: float) -> None:
        """Answer a call that was begun before others ended, and go on with its connection."""
        self._tell_late(call, error)
        self._end_call(call, value, error, seconds)
        self.proceed(call.requests[0][0])

    def _end_call(self, call: Call, value: Any, error: BaseException | None, seconds: float) -> None:
        connection, request = call.requests[0]
        connection.serving = False
        if call.answered:
            connection.is_streaming = connection.streams_events = False
            return
        if connection.is_streaming:
            self._end_stream(connection, request, error, seconds)
            return
        made = failure(request, error) if error is not None else success(request, value, seconds)
        self.reply(connection, request, made)

    def run(self, call: Call, arguments: Arguments) -> tuple[Any, BaseException | None, float]:
        """Call ``run()``: what it returned or raised, and its seconds."""
        started = time.perf_counter()
        value, error = self._carried_out(call, lambda: self._produce(call.requests, arguments))
        seconds = time.perf_counter() - started
        if seconds > _LONG_SECONDS:  # others may follow before the loop counts
            self._busy.count()
        self._tell_late(call, error)
        return value, error, seconds

    def step(self, call: Call, work: Callable[[], Any]) -> Any:
        """Carry out a part of a call, which is under way meanwhile, and no longer."""
        self._busy.begin()
        value, error = self._carried_out(call, work)
        self._busy.count()
        if error is not None:
            raise error
        return value

    def _carried_out(self, call: Call, work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        self.row[boards.BUSY_SINCE] = time.monotonic_ns()
        self.call = call
        if self.tracer is not None:
            self.tracer.begin([request for _, request in call.requests])
        value, error = self._interruptible(work)
        self.call = None
        if self.tracer is not None:
            self.tracer.end()
        self.row[boards.BUSY_SINCE] = 0
        return value, error

    def _tell_late(self, call: Call, error: BaseException | None) -> None:
        if not call.answered:
            return
        names = ", ".join(name(request) for _, request in call.requests)
        log.error("request %s took longer than %s ms", names, self._settings.timeout_ms)
        if error is not None:
            log.error("%s", user_traceback(error))

    def _produce(self, requests: list[tuple[Connection, Request]], arguments: Arguments) -> Any:
        """Call ``run()``; what it yields is sent at once, as fast as the other side reads."""
        value = self._script.run(**arguments)
        if not streams.is_stream(value):
            return value
        connection, request = requests[0]
        for item in value:
            self.send_piece(connection, request, item)
            while connection.out and not connection.ended:
                connection.wait_until_writable(0.1)
                with self.io:
                    connection.flush()
            if connection.ended:
                value.close()
                break
        if not connection.is_streaming:  # nothing was yielded
            return ""
        return None

    def send_piece(self, connection: Connection, request: Request, item: object) -> None:
        """Send one piece of a stream, after its head where it is the first. Raises ``NotSerialisable``."""
        data, kind = streams.piece(item)
        with self.io:
            if not connection.is_streaming:
                connection.is_streaming = True
                made = Answer(200, b"", kind)
                self._board.set(connection.slot, boards.ANSWERING)
                connection.send(self._replies.beginning(made, request, close=not request.keep_alive))
            elif kind != streams.EVENTS and connection.streams_events:
                data = streams.event(item)
            connection.streams_events = connection.streams_events or kind == streams.EVENTS
            if data:
                connection.send(chunk(data))

    def _end_stream(
        self, connection: Connection, request: Request, error: BaseException | None, seconds: float
    ) -> None:
        connection.is_streaming = connection.streams_events = False
        if error is None:
            connection.send(LAST_CHUNK)
        else:  # the end is left out: the caller sees that it is not whole
            log.error("run() raised for request %s while it streamed\n%s", name(request), user_traceback(error))
            connection.closing = True
        connection.closing = connection.closing or not request.keep_alive or bool(self._draining_since)
        total = time.monotonic() - request.arrived
        metrics.observe(self.row, 200, total, seconds, error is not None)
        if self.tracer is not None:
            self.tracer.answered(request, 200, total)

    def _interruptible(self, work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        """What ``work`` returned or raised. The lifeguard looks after the connections meanwhile, and may raise
        ``ScoringTimeout`` in it: at any instruction up to the moment that we hold ``io`` again."""
        value: Any = None
        error: BaseException | None = None
        try:
            self.io.release()
            try:
                value = work()
            except BaseException as raised:  # sys.exit() in run() must not end the service either
                error = raised
            self.io.acquire()
            if self.call is not None and self.call.interrupted and not isinstance(error, ScoringTimeout):
                time.sleep(1)  # the interrupt is on its way to this thread: it must not hit the next call
        except ScoringTimeout as raised:
            error = raised
            if not self.io._is_owned():  # type: ignore[attr-defined]  # as threading.Condition asks
                self.io.acquire()
        return value, error

    def finish(self, connection: Connection, request: Request, made: Answer | None) -> None:
        """Answer one of a batch; None where the lifeguard has."""
        connection.serving = False
        if made is not None:
            self.reply(connection, request, made)
        self.proceed(connection)

    def _wait(self, seconds: float | None) -> list[tuple[int, int]]:
        return self.poller.wait(seconds) if self._coroutines is None else self._coroutines.wait(seconds)

    def _patience(self) -> float | None:
        if self._batch is not None and (wait := self._batch.wait()) is not None:
            return min(wait, _TICK_SECONDS)
        return _TICK_SECONDS if self.connections or self._draining_since else None

    def _take(self, now: float) -> None:
        found = self.channel.take()
        if found is None:
            self.is_gone = True
            return
        for number, sock in found:
            if sock is not None:
                self._adopt(sock, number, now)
            elif number == channels.RETIRE:
                self._retiring = True
                for connection in list(self.connections.values()):
                    self._gives_back(connection)
                self.channel.tell(stage="gives")
            elif number == channels.DRAIN:
                self._draining_since = now
            else:
                for connection in [one for one in self.connections.values() if one.slot == number]:
                    self._hand_back(connection)

    def _adopt(self, sock: socket.socket, slot: int, now: float) -> None:
        sock.setblocking(False)
        self._board.set(slot, boards.IDLE)
        connection = Connection(sock, slot, self._board, self._settings.body_bytes, now, self._ids)
        self.connections[connection.fd] = connection
        self.poller.watch(connection.fd, IN)

    def _gives_back(self, connection: Connection) -> bool:
        """Hand a connection back where this worker is replaced."""
        return self._retiring and self._hand_back(connection)

    def _hand_back(self, connection: Connection) -> bool:
        """Let go of a connection that nothing was read of, or all is answered. What its caller sends stays in the
        socket for whoever gets it."""
        one = connection
        if one.is_reading or one.requests or one.out or one.serving:
            return False
        if one.closing or one.ended or one.lingers_until:
            return False
        self._want(one, -1)
        del self.connections[one.fd]
        one.waits_since = 0.0
        one.leave()
        self.channel.tell(stage="given", slot=one.slot)
        return True

    def _resume(self) -> None:
        waiting, self.waiting = self.waiting, []
        for connection in waiting:
            if self.connections.get(connection.fd) is connection and connection.waits_since:
                self.handle(connection.fd, IN, self._now)

    def _is_done(self) -> bool:
        if self.is_gone:
            return True
        if self._draining_since:
            return not self.connections or self._now - self._draining_since > DRAIN_SECONDS
        return self._retiring and not any(
            c.is_reading or c.out or c.serving or c.requests for c in self.connections.values()
        )

    def _want(self, connection: Connection, events: int) -> None:
        if events == connection.events:
            return
        if events < 0:
            self.poller.forget(connection.fd)
        elif connection.events < 0:
            self.poller.watch(connection.fd, events)
        else:
            self.poller.change(connection.fd, events)
        connection.events = events

    def set_aside(self, connection: Connection, now: float) -> None:
        """Leave what it sent unread until ``run()`` is free."""
        if self._gives_back(connection):
            return
        connection.waits_since = now
        self._want(connection, NOTHING)
        self.waiting.append(connection)
        if self._coroutines is not None:
            self._coroutines.wake()

    def _close(self, connection: Connection) -> None:
        del self.connections[connection.fd]
        if connection.events >= 0:
            self.poller.forget(connection.fd)
        connection.close()
        self._board.set(connection.slot, boards.CLOSED)
