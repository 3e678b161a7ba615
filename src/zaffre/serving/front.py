"""The process that stands before the workers: it accepts callers, hands each to a worker, and replaces workers.

It imports nothing of the user's, so it does not crash with the script, and a worker is a fork of it. It keeps a second
hold of every connection: when a worker dies, it answers the one whose request was running, and gives the others, whose
requests are still in their sockets, to another worker.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from zaffre.core import service_counters as counters
from zaffre.serving import board as boards
from zaffre.serving import channel as channels
from zaffre.serving import lost, usage
from zaffre.serving.board import Board
from zaffre.serving.channel import FrontEnd, WorkerEnd
from zaffre.serving.poller import ERROR, GONE, IN, NOTHING, Poller, count_readable
from zaffre.serving.scaling import Scaler
from zaffre.serving.settings import Settings
from zaffre.serving.sources import Sources

log = logging.getLogger("zaffre.serving")

BACKLOG: Final = 2048
MAX_DEATHS: Final = 5  # of workers, one after the other, that answered nobody
_TICK_SECONDS: Final = 0.5
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_STOP_SECONDS: Final = 40.0  # for all workers to drain
_DOING: Final = {"import": "in the import of the script, ", "init": "in init(), ", "sample": "in run() on the sample, "}
_STUCK_SECONDS: Final = 10.0  # how long a call may go on after its time is over
_LONG_SECONDS: Final = 0.02  # a call that takes longer is looked after by the worker's lifeguard
_IDLE_SECONDS: Final = 0.1  # between two looks at workers that were called by nobody


@dataclass(eq=False)
class Member:
    """One worker as the front sees it."""

    pid: int
    row: int
    end: FrontEnd
    is_first: bool = False  # nobody is answered before it is ready
    is_ready: bool = False
    is_retiring: bool = False
    is_full: bool = False  # it shall be replaced
    step: str = "import"  # of its start
    facts: dict[str, Any] = field(default_factory=dict)  # of its start
    fault: dict[str, Any] | None = None
    guests: dict[int, socket.socket] = field(default_factory=dict)  # its connections by slot
    worked: int = 0  # when it was last looked at
    rung_for: int = 0  # the call, by its beginning, that its lifeguard was woken for


@dataclass(frozen=True)
class Recruit:
    """What ``Front.run`` returns in a fork: become a worker."""

    row: int
    channel: WorkerEnd
    is_first: bool  # of the service: it tries the script before anyone is answered


class Front:
    """``run`` until the service is told to stop. ``tell`` gets each stage reached, with its facts."""

    def __init__(
        self, settings: Settings, sockets: list[socket.socket], owner: int | None, tell: Callable[..., None]
    ) -> None:
        self._settings = settings
        for sock in sockets:
            sock.setblocking(False)
        self._sockets = {sock.fileno(): sock for sock in sockets}
        self._owner = owner  # a descriptor that ends when whoever started us does
        self._tell = tell
        most = settings.workers if settings.bounds is None else settings.bounds.most
        self._rows = list(range(2 * most + 1))
        self.board = _board(settings, len(self._rows))
        self._scaler = Scaler(settings.bounds, self.board) if settings.bounds is not None else None
        self._wanted = self.board.head[counters.WANTED] = settings.workers  # workers that there shall be
        self._poller = Poller()
        self._members: dict[int, Member] = {}  # by the descriptor of their channel
        self._slots = deque(range(boards.SLOTS))
        self._unseated: deque[tuple[int, socket.socket]] = deque()  # connections that no worker has
        self._leaving: list[int] = []  # slots whose worker has not closed yet what the caller has
        self._holders: dict[int, tuple[Member, int]] = {}  # by the descriptor of a connection
        self._is_listening = False
        self._is_stopping = False
        self._stop_at = 0.0
        self._deaths = 0
        self._start_at = 0.0  # when the next worker may be started
        self._code: int | None = None
        self._sources = Sources(settings.script.parent) if settings.reload else None

    def run(self) -> int | Recruit:
        """The exit status, or in a forked worker its part."""
        self._catch_signals()
        for _ in range(self._settings.workers):
            if (recruit := self._recruit()) is not None:
                return recruit
        ticked = time.monotonic()
        while self._code is None:
            for fd, what in self._poller.wait(0.005 if self._unseated else self._look()):
                self._handle(fd, what)
            now = time.monotonic()
            if self._unseated:
                self._seat_all()
            if now - ticked > _TICK_SECONDS:
                ticked = now
                self._tick(now)
            if self._scaler is not None and now > self._scaler.due:
                self._scale(self._scaler, now)
            if self._needs_worker(now) and (recruit := self._recruit()) is not None:
                return recruit
            if self._is_stopping and (not self._members or now > self._stop_at):
                self._code = 0
        for member in self._members.values():
            os.kill(member.pid, signal.SIGKILL)
            os.waitpid(member.pid, 0)
        return self._code

    # Workers.

    def _look(self) -> float:
        """Wake the lifeguards of workers whose call takes long; the seconds until the next look.

        One that woke by itself would take Python's lock from its worker all the time, also where calls are short.
        """
        long_ago = time.monotonic_ns() - int(_LONG_SECONDS * 1e9)
        is_idle = True
        for member in self._members.values():
            row = self.board.row(member.row)
            since, worked = row[boards.BUSY_SINCE], row[boards.WORKED]
            if since or worked != member.worked:
                is_idle = False
                member.worked = worked
            if since and since != member.rung_for and since < long_ago:
                member.rung_for = since
                member.end.ring()
        return _IDLE_SECONDS if is_idle else _LONG_SECONDS

    def _recruit(self) -> Recruit | None:
        """Fork a worker; in the fork what it needs."""
        ours, theirs = channels.line()
        is_first = not self._members and not self._is_listening
        row = self._rows.pop(0)
        self.board.row(row)[boards.WORKED] = 0
        self.board.row(row)[boards.BUSY_SINCE] = 0
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._abandon()
            return Recruit(row, theirs, is_first)
        theirs.close()
        member = Member(pid, row, ours, is_first)
        self._members[member.end.fileno()] = member
        self._poller.watch(member.end.fileno(), IN)
        return None

    def _abandon(self) -> None:
        """In a fork: hold nothing of the front's any more, nor close it for the front."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._poller.close()
        members = self._members.values()
        guests = [sock for member in members for sock in member.guests.values()]
        for sock in (*self._sockets.values(), *guests, *(held for _, held in self._unseated), self._woken, self._waker):
            sock.close()
        for member in members:
            member.end.close()
        if self._owner is not None:
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, self._owner)
            os.close(nothing)

    def _needs_worker(self, now: float) -> bool:
        if self._is_stopping or now < self._start_at or not self._rows:
            return False
        return len(self._staying()) < self._wanted

    def _staying(self) -> list[Member]:
        return [m for m in self._members.values() if not m.is_retiring and not m.is_full]

    def _able(self) -> list[Member]:
        """Those that can answer."""
        return [m for m in self._members.values() if m.is_ready and not m.is_retiring]

    def _scale(self, scaler: Scaler, now: float) -> None:
        """Have as many workers as the load asks for. Those that are too many end as if they were replaced."""
        able = self._able()
        if not able or self._is_stopping:
            return
        if sentence := scaler.look(now, len(able), self._waiting):
            log.info("%s", sentence)
        self._wanted = self.board.head[counters.WANTED] = scaler.wanted
        for member in sorted(able, key=lambda m: self.board.row(m.row)[boards.BUSY_SINCE]):
            if len(self._staying()) <= self._wanted:
                break
            member.is_retiring = not member.is_full and member.end.order(channels.RETIRE)

    def _waiting(self) -> float:
        """How many calls wait unread for a worker; of a batched ``run()``, how many batches."""
        unread = [
            sock
            for member in self._members.values()
            for slot, sock in member.guests.items()
            if self.board.state(slot) == boards.IDLE
        ]
        at_once = max((int(member.facts.get("batch", 1)) for member in self._members.values()), default=1)
        return (len(self._unseated) + count_readable(unread)) / at_once

    def _hear(self, member: Member) -> None:
        facts, _ = member.end.facts()
        for fact in facts:
            stage = fact.pop("stage")
            if stage == "step":
                self._step(member, fact.pop("step"), fact)
            elif stage == "ready":
                self._ready(member, fact)
            elif stage == "full":
                member.is_full = True
            elif stage == "failed":
                member.fault = fact["error"]
            elif stage == "left":
                self._take_back(member, 0)

    def _step(self, member: Member, step: str, facts: dict[str, Any]) -> None:
        member.step = step
        member.facts |= facts
        if member.is_first:
            self._tell(step, **member.facts)

    def _ready(self, member: Member, facts: dict[str, Any]) -> None:
        member.is_ready = True
        member.facts |= facts
        for other in self._members.values():
            if other.is_full and not other.is_retiring and other.is_ready:
                other.is_retiring = other.end.order(channels.RETIRE)
                break
        first = next((one for one in self._members.values() if one.is_first and one.is_ready), None)
        if self._is_listening or self._is_stopping or first is None:
            return
        self._tell("initialised", **first.facts)
        try:
            for sock in self._sockets.values():
                sock.listen(BACKLOG)
                self._poller.watch(sock.fileno(), IN)
        except OSError as error:  # two may be bound to one port, and only one of them listen
            self._fail("port", f"Port {sock.getsockname()[1]} cannot be used: {error.strerror}.", 4)
            return
        self._is_listening = True
        address = "{}:{}".format(*next(iter(self._sockets.values())).getsockname()[:2])
        self._tell("ready", address=address, **first.facts)
        log.info("ready on http://%s%s/score", address, self._settings.prefix)

    def _bury(self) -> None:
        """See to the workers that have ended."""
        for member in list(self._members.values()):
            pid, status = os.waitpid(member.pid, os.WNOHANG)
            if pid:
                self._hear(member)
                self._forget(member, os.waitstatus_to_exitcode(status))

    def _forget(self, member: Member, code: int) -> None:
        del self._members[member.end.fileno()]
        self._poller.forget(member.end.fileno())
        member.end.close()
        self._rows.append(member.row)
        if code and not self._is_stopping:
            log.error("worker %s %s", member.pid, lost.how(code))
        is_caused = any(self.board.state(slot) == boards.RUNNING for slot in member.guests)
        self._take_back(member, code)
        if self._is_stopping:
            return
        if is_caused or (member.is_ready and (not code or self.board.row(member.row)[boards.WORKED])):
            self._deaths = 0
        else:
            self._died_early(member, code)

    def _take_back(self, member: Member, code: int) -> None:
        for slot, sock in member.guests.items():
            del self._holders[sock.fileno()]
            self._poller.forget(sock.fileno())
            if self.board.state(slot) == boards.RUNNING:
                self.board.row(member.row)[boards.STATUSES + 502] += 1  # the worker's row is ours now
            self._inherit(slot, sock, code)
        member.guests = {}

    def _inherit(self, slot: int, sock: socket.socket, code: int) -> None:
        """What becomes of a connection whose worker ended."""
        state = self.board.state(slot)
        if state == boards.IDLE and not self._is_stopping:
            self._unseated.append((slot, sock))
            return
        if state in (boards.READING, boards.RUNNING):
            lost.answer(sock, self.board.request_id(slot) if state == boards.RUNNING else b"", code)
        sock.close()
        self._slots.append(slot)

    def _died_early(self, member: Member, code: int) -> None:
        """It never answered anyone, and no request was the cause."""
        self._deaths += 1
        doing = "" if member.is_ready else _DOING[member.step]
        error = member.fault or {
            "stage": member.step,
            "message": f"the worker {lost.how(code)} {doing}before it answered anyone",
            "details": "",
            "kind": "",
        }
        others = any(m.is_ready for m in self._members.values())
        if not self._is_listening or (self._deaths >= MAX_DEATHS and not others):
            if member.fault is None:
                log.error("%s", error["message"])
            self._tell("failed", error=error)
            self._code = 3
        self._start_at = time.monotonic() + min(0.1 * 2**self._deaths, 30.0)
        for other in self._members.values():  # those that it should have replaced stay
            other.is_full = other.is_full and other.is_retiring

    def _fail(self, stage: str, sentence: str, code: int) -> None:
        log.error("%s", sentence)
        self._tell("failed", error={"stage": stage, "message": sentence, "details": "", "kind": ""})
        self._code = code

    # Callers.

    def _accept(self, listener: socket.socket) -> None:
        while self._slots:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setblocking(False)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            slot = self._slots.popleft()
            self.board.set(slot, boards.IDLE)
            if not self._seat(slot, sock):
                self._unseated.append((slot, sock))

    def _seat(self, slot: int, sock: socket.socket) -> bool:
        """Give a connection to the worker that has the fewest and is not busy."""
        for member in sorted(self._able(), key=lambda m: (len(m.guests), self.board.row(m.row)[boards.BUSY_SINCE])):
            if member.end.hand_over(sock, slot):
                member.guests[slot] = sock
                self._holders[sock.fileno()] = (member, slot)
                self._poller.watch(sock.fileno(), NOTHING)
                return True
        return False

    def _seat_all(self) -> None:
        while self._unseated and self._seat(*self._unseated[0]):
            self._unseated.popleft()

    def _let_go(self, fd: int) -> None:
        """The connection has ended; its slot is free when its worker says so."""
        member, slot = self._holders.pop(fd)
        self._poller.forget(fd)
        member.guests.pop(slot).close()
        if self.board.state(slot) == boards.CLOSED:
            self._slots.append(slot)
        else:
            self._leaving.append(slot)

    # Events.

    def _handle(self, fd: int, what: int) -> None:
        if fd in self._holders:
            if what & (GONE | ERROR):
                self._let_go(fd)
        elif fd in self._members:
            member = self._members[fd]
            self._hear(member)
            if what & (GONE | ERROR):
                self._bury()
        elif fd in self._sockets:
            self._accept(self._sockets[fd])
        elif fd == self._woken.fileno():
            self._signalled()
        elif fd == self._owner and not os.read(fd, 4096):
            self._poller.forget(fd)
            self.stop()

    def _signalled(self) -> None:
        numbers = self._woken.recv(4096)
        if signal.SIGCHLD in numbers:
            self._bury()
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self.stop()

    def stop(self) -> None:
        """Accept nobody any more, let the workers finish what they answer."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._stop_at = time.monotonic() + _STOP_SECONDS
        for sock in self._sockets.values():
            if self._is_listening:
                self._poller.forget(sock.fileno())
                self._accept(sock)  # who got in at the last moment
            sock.close()
        self._sockets = {}
        self._tell("draining")
        for member in self._members.values():
            if not member.is_ready or not member.end.order(channels.DRAIN):
                os.kill(member.pid, signal.SIGKILL)

    def _tick(self, now: float) -> None:
        self._bury()
        usage.record(self.board, [member.pid for member in self._members.values()])
        self.board.head[counters.WORKERS] = len(self._able())
        leaving, self._leaving = self._leaving, []
        for slot in leaving:
            (self._slots if self.board.state(slot) == boards.CLOSED else self._leaving).append(slot)
        too_long = time.monotonic_ns() - int((self._settings.timeout_ms / 1000 + _STUCK_SECONDS) * 1e9)
        for member in self._members.values():
            if 0 < self.board.row(member.row)[boards.BUSY_SINCE] < too_long:
                log.error("run() does not end: the worker %s is replaced", member.pid)
                os.kill(member.pid, signal.SIGKILL)
        limit = self._settings.max_memory_bytes
        if limit:
            for member in self._members.values():
                if member.is_ready and not member.is_full and lost.resident_bytes(member.pid) > limit:
                    log.warning("worker %s is over the memory limit and is replaced", member.pid)
                    member.is_full = True
        if self._sources is not None and self._sources.changed():
            log.info("the source changed: the workers are replaced")
            self._start_at = now
            for member in self._members.values():
                member.is_full = True

    def _catch_signals(self) -> None:
        def nothing(_signal: int, _frame: FrameType | None) -> None:
            """A worker keeps this too: what stops the service reaches it as an order."""

        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        for number in _SIGNALS:
            signal.signal(number, nothing)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._poller.watch(self._woken.fileno(), IN)
        if self._owner is not None:
            try:
                self._poller.watch(self._owner, IN)
            except PermissionError:  # a plain file, which has no end to wait for
                self._owner = None


def _board(settings: Settings, rows: int) -> Board:
    try:
        return Board(rows, settings.counters_file)
    except OSError as error:  # a full disk must not keep the service from answering
        log.warning("what is served is not measured: %s", error)
        return Board(rows)
