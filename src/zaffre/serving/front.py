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
from typing import Any, Final

from zaffre.core import handover
from zaffre.core import service_counters as counters
from zaffre.core.handover import Line
from zaffre.serving import board as boards
from zaffre.serving import channel as channels
from zaffre.serving import lost, seating, usage
from zaffre.serving.board import Board
from zaffre.serving.member import Member, Recruit
from zaffre.serving.poller import ERROR, GONE, IN, NOTHING, Poller
from zaffre.serving.scaling import Scaler
from zaffre.serving.settings import Settings
from zaffre.serving.signals import Signals
from zaffre.serving.sources import Sources
from zaffre.serving.succession import Succession

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


class Front:
    """``run`` until the service is told to stop. ``tell`` gets each stage reached, with its facts."""

    def __init__(
        self, settings: Settings, sockets: list[socket.socket], owner: Line | None, tell: Callable[..., None]
    ) -> None:
        self._settings = settings
        for sock in sockets:
            sock.setblocking(False)
        self._sockets = {sock.fileno(): sock for sock in sockets}
        self._owner = owner  # ends when whoever started us does
        self._succession = Succession()
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
        self._leaving: dict[int, Member] = {}  # slots whose worker has not closed yet what the caller has
        self._holders: dict[int, tuple[Member, int]] = {}  # by the descriptor of a connection
        self._is_listening = False
        self._is_stopping = False
        self._stop_at = 0.0
        self._unheard: set[Member] | None = None  # workers that may not know yet that we stop; None: that was told
        self._deaths = 0
        self._start_at = 0.0  # when the next worker may be started
        self._changed_at = 0.0  # when the source was seen to be another
        self._code: int | None = None
        self._sources = Sources(settings.script.parent) if settings.reload else None

    def run(self) -> int | Recruit:
        """The exit status, or in a forked worker its part."""
        self._watch()
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
            if self._is_stopping and (self._is_empty or now > self._stop_at):
                self._code = 0
        for member in self._members.values():
            os.kill(member.pid, signal.SIGKILL)
            os.waitpid(member.pid, 0)
        return self._code

    @property
    def _is_empty(self) -> bool:
        """Whether nothing is left to do for one that stops."""
        return not (self._members or (self._succession.heir and (self._unseated or self._succession.donors)))

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
        self._signals.abandon()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._poller.close()
        members = self._members.values()
        guests = [sock for member in members for sock in member.guests.values()]
        unseated = [sock for _, sock in self._unseated]
        for sock in (*self._sockets.values(), *guests, *unseated):
            sock.close()
        self._succession.abandon()
        for member in members:
            member.end.close()
        if self._owner is not None:
            self._owner.abandon()

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
        for member, slot in seating.misplaced(self._able(), self.board, lambda m: scaler.is_overloaded(m.row)):
            member.end.order(slot)

    def _waiting(self) -> float:
        """How many calls no worker has begun; of a batched ``run()``, how many batches."""
        members = self._members.values()
        at_once = max((int(member.facts.get("batch", 1)) for member in members), default=1)
        return (len(self._unseated) + seating.waiting(members, self.board)) / at_once

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
            elif stage == "gives":
                self._has_heard(member)
            elif stage == "given":
                self._given_back(member, fact["slot"])
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
        self._has_heard(member)
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

    def _given_back(self, member: Member, slot: int) -> None:
        """A worker that is replaced has let go of a connection: another one goes on with it."""
        sock = member.guests.pop(slot, None)
        if sock is None:  # it ended meanwhile
            self.board.set(slot, boards.CLOSED)
            return
        del self._holders[sock.fileno()]
        self._poller.forget(sock.fileno())
        self._unseated.append((slot, sock))

    def _inherit(self, slot: int, sock: socket.socket, code: int) -> None:
        """What becomes of a connection whose worker ended."""
        state = self.board.state(slot)
        if state == boards.IDLE and (self._succession.heir is not None or not self._is_stopping):
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
        if member.began > self._changed_at:  # else what changed since then is still to be tried
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
            self._admit(sock)

    def _admit(self, sock: socket.socket) -> None:
        slot = self._slots.popleft()
        self.board.set(slot, boards.IDLE)
        if not self._seat(slot, sock):
            self._unseated.append((slot, sock))

    def _receive(self, donor: int) -> None:
        """Take the next connection of a process that we replace."""
        if self._slots:
            sock = self._succession.receive(donor)
            if sock is None:
                self._poller.forget(donor)
                self._succession.forget(donor)
            else:
                self._admit(sock)

    def _seat(self, slot: int, sock: socket.socket) -> bool:
        """Give a connection to the worker that has the fewest and is not busy."""
        if self._succession.heir is not None:
            if not self._succession.bequeath(sock):
                return False
            self._slots.append(slot)
            return True
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
            self._leaving[slot] = member

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
        elif fd in self._succession.donors:
            self._receive(fd)
        elif fd == self._signals.fileno():
            self._signalled()
        elif self._owner is not None and fd == self._owner.fd:
            self._obey(self._owner)

    def _obey(self, owner: Line) -> None:
        word, donor = self._succession.hear(owner)
        if donor is not None:
            self._poller.watch(donor, IN)
        if not word:
            self._poller.forget(owner.fd)
        if not word or self._succession.heir is not None:
            self.stop()

    def _signalled(self) -> None:
        numbers = self._signals.read()
        if signal.SIGCHLD in numbers:
            self._bury()
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self.stop()

    def stop(self) -> None:
        """Accept nobody any more, let the workers finish what they answer; an heir gets the connections."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._stop_at = time.monotonic() + (_STOP_SECONDS if self._succession.heir is None else handover.SECONDS)
        for sock in self._sockets.values():
            if self._is_listening:
                self._poller.forget(sock.fileno())
                self._accept(sock)  # who got in at the last moment
            sock.close()
        self._sockets = {}
        order = channels.DRAIN if self._succession.heir is None else channels.RETIRE
        self._unheard = set()
        for member in self._members.values():
            if not member.is_ready or not member.end.order(order):
                os.kill(member.pid, signal.SIGKILL)
            elif self._succession.heir is not None:
                self._unheard.add(member)
        self._has_heard()

    def _has_heard(self, member: Member | None = None) -> None:
        """Whoever replaces us with an heir counts on it that from then on no worker of ours begins a call."""
        if self._unheard is not None:
            self._unheard.discard(member)
            if not self._unheard:
                self._unheard = None
                self._tell("draining")

    def _tick(self, now: float) -> None:
        self._bury()
        if self._unheard is not None:  # one that hears nothing holds Python's lock
            self._unheard = set()
            self._has_heard()
        usage.record(self.board, [member.pid for member in self._members.values()])
        self.board.head[counters.WORKERS] = len(self._able())
        alive = set(self._members.values())
        for slot, member in list(self._leaving.items()):
            if self.board.state(slot) == boards.CLOSED or member not in alive:
                del self._leaving[slot]
                self._slots.append(slot)
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
            self._start_at = self._changed_at = now
            for member in self._members.values():
                member.is_full = True

    def _watch(self) -> None:
        """Listen to signals and to the owner."""
        self._signals = Signals(_SIGNALS)
        self._poller.watch(self._signals.fileno(), IN)
        if self._owner is not None:
            try:
                self._poller.watch(self._owner.fd, IN)
            except PermissionError:  # a plain file, which has no end to wait for
                self._owner = None


def _board(settings: Settings, rows: int) -> Board:
    try:
        return Board(rows, settings.counters_file)
    except OSError as error:  # a full disk must not keep the service from answering
        log.warning("what is served is not measured: %s", error)
        return Board(rows)
