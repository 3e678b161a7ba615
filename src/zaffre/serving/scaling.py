"""How many workers there shall be: decided from how busy they were and who waits, between two bounds.

A worker is busy while it does not wait for callers: while it reads, is in ``run()``, answers. Of an ``async def run``
only steps count, for what merely awaits needs no other worker. The front looks once in an interval, and does what
``Scaler.look`` says.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core import scaling
from zaffre.core import service_counters as counters
from zaffre.serving import board as boards
from zaffre.serving.board import Board

_NOTHING: Final = 1e-9  # what a division of two measured numbers may be beside a whole one
_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    least: int
    most: int
    target: float = scaling.DEFAULT_TARGET / 100  # the share of its time that a worker shall be busy
    interval: float = 1.0  # seconds between two looks
    # A worker costs seconds to start and nothing to keep for a while: load that comes in waves keeps its workers.
    down_seconds: float = scaling.DOWN_SECONDS
    is_default: bool = False  # nobody named the most

    def __str__(self) -> str:
        count = processors()
        why = f"; at most {self.most} because the service may use {count} processor{'s' * (count != 1)}"
        return f"{self.least} to {self.most} workers, as the load asks for{why if self.is_default else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was measured in one interval."""

    workers: int  # that can answer
    busy: float  # how many of them were busy, on average
    waiting: float = 0.0  # calls that no worker has begun


def needed(load: Load, bounds: Bounds) -> int:
    """How many workers this load takes, each busy for the target's share of its time.

    Who waits counts only where the workers are busier than they should be: otherwise it is a burst that is over soon.
    """
    demand = load.busy
    if load.busy > bounds.target * load.workers:
        demand += load.waiting
    return max(bounds.least, min(bounds.most, math.ceil(demand / bounds.target - _NOTHING)))


class Scaler:
    """More at once; fewer when fewer were enough for ``down_seconds``."""

    def __init__(self, bounds: Bounds, board: Board) -> None:
        self.bounds = bounds
        self.wanted = bounds.least
        self.due = 0.0  # when to look next, as of time.monotonic()
        self._board = board
        self._looked_at = time.monotonic_ns()
        self._worked = self._work(self._looked_at)
        self._shares = [0.0] * board.rows  # of the last interval that each row's worker was busy
        self._peaks: deque[tuple[float, int]] = deque()  # needs of the last time, falling: the first is the highest

    def look(self, now: float, workers: int, waiting: Callable[[], float]) -> str:
        """Decide anew how many are ``wanted``; the sentence that says why, empty where nothing changes.

        ``workers`` can answer; ``waiting`` is asked only where it matters.
        """
        self.due = now + self.bounds.interval
        busy = self._busy()
        self._board.head[counters.UTILIZATION] = int(1000 * busy / workers)
        overloaded = busy > self.bounds.target * workers
        load = Load(workers=workers, busy=busy, waiting=waiting() if overloaded else 0.0)
        before, self.wanted = self.wanted, self.decide(needed(load, self.bounds), now)
        if self.wanted == before:
            return ""
        act = "more" if self.wanted > before else "fewer"
        waits = f", {load.waiting:g} waiting" if load.waiting else ""
        return (
            f"{act} workers: from {before} to {self.wanted} (of {workers}, {busy:.2f} were busy{waits}; "
            f"the target is {self.bounds.target:.0%})"
        )

    def decide(self, need: int, now: float) -> int:
        """The most that was needed in the last ``down_seconds``."""
        while self._peaks and self._peaks[-1][1] <= need:
            self._peaks.pop()
        self._peaks.append((now, need))
        while self._peaks[0][0] < now - self.bounds.down_seconds:
            self._peaks.popleft()
        return self._peaks[0][1]

    def _busy(self) -> float:
        """How many workers were busy, on average since the last look."""
        now = time.monotonic_ns()
        elapsed = max(now - self._looked_at, 1)
        work = self._work(now)
        # A worker that ended in a call never counts it: then its row is less than it was.
        gone = [min(max(later - before, 0), elapsed) for later, before in zip(work, self._worked, strict=True)]
        self._looked_at, self._worked = now, work
        self._shares = [one / elapsed for one in gone]
        return sum(self._shares)

    def is_overloaded(self, row: int) -> bool:
        """Whether the worker of this row was busier than it shall be."""
        return self._shares[row] > self.bounds.target

    def _work(self, now: int) -> list[int]:
        """The time that each row's workers have been busy, with the calls that go on; nanoseconds."""
        rows = [self._board.row(number) for number in range(self._board.rows)]
        return [row[boards.BUSY] + (max(now - since, 0) if (since := row[boards.BUSY_SINCE]) else 0) for row in rows]


def read_bounds(
    least: int, most: str | None, target: str | None, interval: str | None, down: str | None, *, is_asked: bool = False
) -> Bounds | None:
    """The bounds that arguments name; None without ``most``. ``ValueError`` for what cannot be, also for arguments that
    say something of a scaling that is not asked for: the others, and ``down`` where ``is_asked``."""
    if most is None:
        if target is not None or interval is not None or is_asked:
            raise ValueError("--target-utilization, --scale-interval and --scale-down-seconds need --max-workers")
        return None
    return Bounds(
        least=least,
        most=default_most(least) if most == "auto" else _whole("--max-workers", most, least, scaling.MOST_WORKERS),
        target=_number("--target-utilization", target or str(scaling.DEFAULT_TARGET), 1, 100) / 100,
        interval=_number("--scale-interval", interval or "1", 0.1, 3600),
        down_seconds=_number("--scale-down-seconds", down or str(scaling.DOWN_SECONDS), 0.1, 86_400),
        is_default=most == "auto",
    )


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, not {text!r}")
    return number


def processors() -> int:
    """How many processors this process may use at a time, by its affinity and the limit of its container."""
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    return max(1, known if quota is None else min(known, math.ceil(quota)))


def _quota() -> float | None:
    """The limit of a container, in processors; None where there is none."""
    try:
        limit, period = (_CGROUP / "cpu.max").read_text().split()  # see cgroup-v2.rst of Linux
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        return None


def default_most(least: int) -> int:
    return max(least, min(scaling.DEFAULT_MOST, processors()))
