"""The router's loop: it accepts callers, sends each request to a version, and relays the answer as it comes.

One thread and one epoll. A request is held whole until its answer has begun, so that it can be sent again where the
version certainly did not read it; never otherwise.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import time
from pathlib import Path
from types import FrameType
from typing import Final

from zaffre.core import limits
from zaffre.routing import answers, table
from zaffre.routing.caller import Caller, Request
from zaffre.routing.counters import Counters
from zaffre.routing.link import Link
from zaffre.routing.mirror import Mirror
from zaffre.routing.table import Choice, Replica
from zaffre.serving.poller import ERROR, GONE, IN, NOTHING, OUT, Poller

_BACKLOG: Final = 2048
_TICK_SECONDS: Final = 0.25
_READ_SECONDS: Final = 60.0  # from a request's first byte to its last
_IDLE_SECONDS: Final = 75.0
_LINGER_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 30.0
_RESET_SECONDS: Final = 0.25  # how long after its end a version's system may take to say that it read nothing
_TRIES: Final = 5  # of a request that was not read
_HELD_BYTES: Final = 1024 * 1024  # of an answer that a slow caller does not take: no more is read
_LINKS: Final = 512  # of one version that wait for the next request


class Router:
    """``run`` returns after SIGTERM, or when the other end of standard input is gone, and the last answer is given."""

    def __init__(self, folder: Path, listener: socket.socket, owner: int | None, counters: Counters) -> None:
        self._folder = folder
        self._counters = counters
        self._listener = listener
        self._owner = owner
        self._poller = Poller()
        self._callers: dict[int, Caller] = {}
        self._links: dict[int, Link] = {}
        self._idle: dict[str, list[Link]] = {}
        self._paused: dict[int, Link] = {}  # by their callers, which do not take what was answered
        self._leaving: list[socket.socket] = []
        self._doubtful: list[Link] = []  # that ended without an answer, and may have read the request
        self._now = time.monotonic()
        self._swept = self._now
        self._stop_at = 0.0
        self._table = table.read(folder)
        self._choice = Choice(self._table)
        self._mirror = Mirror(folder, self._table, self._send_copy)

    def run(self) -> int:
        self._catch_signals()
        self._listener.setblocking(False)
        self._listener.listen(_BACKLOG)
        self._poller.watch(self._listener.fileno(), IN)
        if self._owner is not None:
            self._poller.watch(self._owner, IN)
        while not self._is_done():
            for fd, what in self._poller.wait(_TICK_SECONDS):
                self._now = time.monotonic()
                self._handle(fd, what)
            for sock in self._leaving:  # only now: another with the same number would get what was told of this one
                sock.close()
            self._leaving.clear()
            self._now = time.monotonic()
            if self._now - self._swept > _TICK_SECONDS:
                self._sweep()
        self._mirror.write()
        return 0

    def _is_done(self) -> bool:
        if not self._stop_at:
            return False
        return self._now > self._stop_at or not any(caller.busy or caller.out for caller in self._callers.values())

    # Events.

    def _handle(self, fd: int, what: int) -> None:
        if (link := self._links.get(fd)) is not None:
            self._of_link(link, what)
        elif (caller := self._callers.get(fd)) is not None:
            self._of_caller(caller, what)
        elif fd == self._listener.fileno():
            self._accept()
        elif fd == self._woken.fileno():
            self._woken.recv(4096)
            self._stop()
        elif fd == self._owner:
            if os.read(fd, 4096):
                self._read_table()
            else:
                self._poller.forget(fd)
                self._owner = None
                self._stop()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            caller = Caller(sock, limits.SCORE_BODY_BYTES, self._now)
            self._callers[caller.fd] = caller
            self._poller.watch(caller.fd, IN)

    def _of_caller(self, caller: Caller, what: int) -> None:
        if what & OUT:
            caller.flush()
        if what & (GONE | ERROR):
            caller.gone = True
        elif what & IN:
            caller.receive(self._now)
        if (paused := self._paused.get(caller.fd)) is not None and len(caller.out) < _HELD_BYTES:
            del self._paused[caller.fd]
            self._watch(paused, IN)
        self._proceed(caller)

    def _proceed(self, caller: Caller) -> None:
        """Answer what was read whole, one after the other, and wait for what comes next."""
        while caller.requests and not caller.busy and not caller.gone and not caller.closing:
            self._answer(caller, caller.requests.popleft())
        self._settle(caller)

    def _settle(self, caller: Caller) -> None:
        if caller.gone or (caller.ended and not (caller.busy or caller.out)):
            self._drop(caller)
        elif caller.out or caller.busy:  # its end is told in any case
            reading = NOTHING if caller.requests or caller.ended or caller.closing else IN
            self._want(caller, (OUT if caller.out else NOTHING) | reading)
        elif caller.closing and not caller.lingers_until:
            caller.linger(self._now + _LINGER_SECONDS)
            self._want(caller, IN)
        else:
            self._want(caller, IN)

    def _want(self, caller: Caller, events: int) -> None:
        if caller.events != events:
            self._poller.change(caller.fd, events)
            caller.events = events

    def _drop(self, caller: Caller) -> None:
        """Its connection ends; what a version still answers it is not read."""
        if self._callers.pop(caller.fd, None) is None:
            return
        self._poller.forget(caller.fd)
        self._leaving.append(caller.sock)
        self._paused.pop(caller.fd, None)
        if caller.busy:
            for link in [link for link in self._links.values() if link.caller is caller]:
                self._forget(link)

    # Requests.

    def _answer(self, caller: Caller, request: Request) -> None:
        if self._stop_at:
            request.keep_alive = False
        if request.fault is not None:
            request.keep_alive = False
            self._tell(caller, request, *request.fault)
            return
        path = request.target.partition(b"?")[0]
        if path in (b"/", b"/ready"):
            self._tell_health(caller, request, path)
            return
        replica = self._chosen(caller, request)
        if replica is not None:
            caller.busy = True
            request.mirrored = self._mirror.wants(replica.name)
            self._send(replica, request, caller, 1)

    def _chosen(self, caller: Caller, request: Request) -> Replica | None:
        """The version for a request; where there is none the caller is told."""
        if not request.version:
            if (found := self._choice.pick(request.session)) is None:
                sentence = f"No version of the endpoint {self._table.endpoint} is ready. Try again in a moment."
                self._tell(caller, request, 503, sentence)
            return found
        name = request.version.decode("latin-1")
        if (found := self._choice.named(name)) is not None:
            return found
        if name in self._table.names:
            self._tell(caller, request, 503, f"The version {name} is not ready. Try again in a moment.")
        else:
            known = ", ".join(self._table.names)
            self._tell(caller, request, 404, f"There is no version {name!r}: this endpoint has {known}.")
        return None

    def _tell(self, caller: Caller, request: Request, status: int, sentence: str) -> None:
        close, head = not request.keep_alive, request.method == b"HEAD"
        self._counters.answered(request.target, status, self._now - caller.since)
        caller.send(answers.message(status, sentence, request.request_id, close=close, head=head))
        caller.closing = caller.closing or close

    def _tell_health(self, caller: Caller, request: Request, path: bytes) -> None:
        """That the router lives; for ``/ready``, whether a version answers."""
        if path == b"/ready" and not self._table.replicas:
            self._tell(caller, request, 503, f"No version of the endpoint {self._table.endpoint} is ready.")
            return
        body, close = b"Healthy" if path == b"/" else b"Ready", not request.keep_alive
        head = request.method == b"HEAD"
        caller.send(answers.whole(200, body, b"text/html; charset=utf-8", request.request_id, close=close, head=head))
        caller.closing = caller.closing or close

    # Versions.

    def _send(self, replica: Replica, request: Request, caller: Caller | None, tries: int) -> None:
        """Send a request on a connection that waits, or on a new one. ``caller`` is None for a copy."""
        waiting = self._idle.get(replica.name)
        if waiting:
            link = waiting.pop()
            link.reused = True
        else:
            try:
                link = Link(replica)
            except OSError:
                self._unreached(replica, request, caller, tries)
                return
            self._links[link.fd] = link
            link.watched = IN if link.connected else IN | OUT
            self._poller.watch(link.fd, link.watched)
        link.begin(request, caller, self._now)
        link.tries = tries
        if request.mirrored or caller is None:
            link.body_limit = self._mirror.body_limit
        self._watch(link, IN if link.connected and not link.out else IN | OUT)

    def _watch(self, link: Link, events: int) -> None:
        if link.watched != events:
            self._poller.change(link.fd, events)
            link.watched = events

    def _of_link(self, link: Link, what: int) -> None:
        if link.request is None:  # it waits for one, and the other side ended it
            self._forget(link)
            return
        if link.waits_for_reset:
            link.see_reset()
            if what & ERROR:
                link.refused = True
            self._lost(link)
            return
        if what & OUT:
            link.flush()
            if not link.broken:
                self._watch(link, IN if not link.out else IN | OUT)
        if what & (IN | GONE | ERROR) and not link.broken:
            link.receive()
        if link.ready and link.caller is not None:
            link.caller.send(link.ready)
            link.ready = b""
            if len(link.caller.out) > _HELD_BYTES and not link.done:
                self._watch(link, NOTHING)  # until the caller has taken some of it
                self._paused[link.caller.fd] = link
            if not link.done:
                self._settle(link.caller)
        if link.done:
            self._finish(link)
        elif link.broken:
            self._broken(link)

    def _finish(self, link: Link) -> None:
        """The answer is whole."""
        caller, request, status, body = link.caller, link.request, link.status, link.body
        milliseconds = (time.monotonic() - link.started) * 1000
        link.caller = link.request = None
        waiting = self._idle.setdefault(link.replica.name, [])
        if link.kept and not link.broken and self._is_current(link.replica) and len(waiting) < _LINKS:
            self._watch(link, IN)
            waiting.append(link)
        else:
            self._forget(link)
        assert request is not None
        if caller is None:
            self._mirror.compare(request, status, body, milliseconds)
            return
        caller.busy = False
        caller.since = self._now
        caller.closing = caller.closing or not request.keep_alive
        self._proceed(caller)
        if request.mirrored:
            self._mirror.answered(request, link.replica.name, status, body, milliseconds)

    def _is_current(self, replica: Replica) -> bool:
        known = self._choice.named(replica.name)
        return known is not None and known.port == replica.port

    def _broken(self, link: Link) -> None:
        """The connection ended before the answer was whole."""
        if link.request is None or link.is_answering or link.refused:
            self._lost(link)
            return
        # Its system may be about to say that nothing was read.
        link.waits_for_reset = self._now + _RESET_SECONDS
        self._watch(link, NOTHING)
        self._doubtful.append(link)

    def _lost(self, link: Link) -> None:
        caller, request, answering = link.caller, link.request, link.is_answering
        replica, refused, tries, connected = link.replica, link.refused, link.tries, link.connected
        self._forget(link)
        if request is None:
            return
        if answering:
            if caller is None:
                self._mirror.failed(request)
            else:  # what is missing cannot be made up for: the caller sees that it is not whole
                caller.busy = False
                caller.closing = True
                self._settle(caller)
            return
        again = self._choice.named(replica.name) or replica
        if refused and tries < _TRIES and (connected or again.port != replica.port):
            self._send(again, request, caller, tries + 1)
        elif not connected:
            self._unreached(replica, request, caller, tries)
        else:
            self._failed(
                request,
                caller,
                f"The version {replica.name} ended before it answered. The request may have been carried out, so it "
                "was not sent again.",
            )

    def _unreached(self, replica: Replica, request: Request, caller: Caller | None, tries: int) -> None:
        """Nobody listens at a version, such as one that is just deleted: nothing was sent, and another may answer,
        unless the caller asked for this one."""
        other = None if caller is None or request.version else self._choice.other(replica)
        if other is not None and tries < _TRIES:
            self._send(other, request, caller, tries + 1)
        else:
            self._failed(request, caller, f"The version {replica.name} does not answer (Connection refused).")

    def _failed(self, request: Request, caller: Caller | None, sentence: str) -> None:
        if caller is None:
            self._mirror.failed(request)
            return
        caller.busy = False
        self._tell(caller, request, 503, sentence)
        self._settle(caller)

    def _forget(self, link: Link) -> None:
        if self._links.pop(link.fd, None) is not None:
            self._poller.forget(link.fd)
            self._leaving.append(link.sock)
            if link.caller is not None and self._paused.get(link.caller.fd) is link:
                del self._paused[link.caller.fd]
        waiting = self._idle.get(link.replica.name, [])
        if link in waiting:
            waiting.remove(link)
        if link in self._doubtful:
            self._doubtful.remove(link)

    def _send_copy(self, name: str, request: Request) -> bool:
        """Send a copy of a request to a version; whether it is ready."""
        replica = self._choice.named(name)
        if replica is None:
            return False
        self._send(replica, request, None, _TRIES)
        return True

    # What comes and goes.

    def _read_table(self) -> None:
        self._table = table.read(self._folder)
        self._choice = Choice(self._table)
        self._mirror.follow(self._table)
        for waiting in list(self._idle.values()):
            for link in [link for link in waiting if not self._is_current(link.replica)]:
                self._forget(link)

    def _sweep(self) -> None:
        """End what takes too long."""
        self._swept = self._now
        for link in [link for link in self._doubtful if link.waits_for_reset < self._now]:
            self._lost(link)
        for caller in list(self._callers.values()):
            if caller.busy or caller.out:
                continue
            age = self._now - caller.since
            if caller.lingers_until:
                if self._now > caller.lingers_until:
                    self._drop(caller)
            elif caller.is_reading:
                if age > _READ_SECONDS:
                    caller.give_up(408, "The request did not arrive in time.")
                    self._proceed(caller)
            elif age > _IDLE_SECONDS or (self._stop_at and not caller.requests):
                self._drop(caller)
        self._mirror.tick(self._now)
        self._counters.tick(self._now)

    def _stop(self) -> None:
        """Accept nobody any more, and finish what is being answered."""
        if not self._stop_at:
            self._stop_at = self._now + _DRAIN_SECONDS
            self._poller.forget(self._listener.fileno())

    def _catch_signals(self) -> None:
        def nothing(_signal: int, _frame: FrameType | None) -> None:
            """The loop is woken through the descriptor."""

        self._woken, waker = socket.socketpair()
        self._waker = waker
        for end in (self._woken, waker):
            end.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, nothing)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._poller.watch(self._woken.fileno(), IN)


def main(folder: Path, fd: int, counters: Path | None) -> int:
    """0 after an orderly end. Its standard input is a pipe: a byte says that the table changed, its end to end."""
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (20_000 if hard == resource.RLIM_INFINITY else hard, hard))
    return Router(folder, socket.socket(fileno=fd), 0, Counters(counters)).run()
