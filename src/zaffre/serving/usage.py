"""What the serving processes take of the machine: the front's own account, for the head of the board."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from zaffre.core import service_counters as counters
from zaffre.serving.board import Board
from zaffre.serving.lost import resident_bytes


def record(board: Board, workers: Iterable[int]) -> None:
    """Write the time and memory of this process and of the ``workers`` (pids) to the board's head."""
    pids = list(workers)
    own = os.times()
    # Of children that have ended the system tells the sum, so nothing is lost when a worker is replaced.
    seconds = own.user + own.system + own.children_user + own.children_system + sum(map(_cpu_seconds, pids))
    head = board.head
    head[counters.CPU_MICROS] = max(head[counters.CPU_MICROS], int(seconds * 1e6))
    head[counters.MEMORY_BYTES] = sum(map(resident_bytes, (os.getpid(), *pids)))
    head[counters.TICKS] += 1


def _cpu_seconds(pid: int) -> float:
    """Of a process and the children it has waited for; 0 where the system does not tell."""
    try:
        # The name may hold blanks and brackets: the fields are counted from behind it (man 5 proc).
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0
