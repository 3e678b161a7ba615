"""The processes of this machine: who runs, who started whom, and which belong to a workload."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MARK: Final = "ZAFFRE_WORKLOAD"  # marks of the workloads a process belongs to, outermost first, joined by "/"
_HAS_PROC: Final = os.path.exists("/proc/self/stat")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    session: int
    started: str  # with pid, names one process for ever
    is_alive: bool  # False: it ended, and its parent has not asked for its exit code yet


def find(pid: int) -> Process | None:
    """The process of that number, or None."""
    if _HAS_PROC:
        return _read(pid)
    return next((process for process in _listed() if process.pid == pid), None)


def everyone() -> list[Process]:
    """Every process there is now."""
    return list(_scanned() if _HAS_PROC else _listed())


def belonging(
    pid: int, started: str, mark: str, known: Iterable[Process] = (), *, nested: bool = True
) -> list[Process]:
    """The living processes of a workload: its first process, all that these started, and all that carry its mark.

    ``known`` are those found before: what they started belongs to it even after they have ended. Without ``nested``
    those are left out that were started from within as workloads of their own.
    """
    there = everyone()
    before = {(process.pid, process.started) for process in known}
    found = {process.pid for process in there if (process.pid, process.started) in before | {(pid, started)}}
    marks = {process.pid: _marks(process.pid) for process in there}
    others = {number for number, carried in marks.items() if not nested and carried and carried[-1] != mark}
    found |= {number for number, carried in marks.items() if mark in carried}
    # The number of a session's first process may be another's once it and all its session are gone, so a session
    # counts only while its first process is there, or was a moment ago.
    sessions = {number for number, _ in before} | ({pid} & found)
    grew = True
    while grew:
        more = {
            process.pid
            for process in there
            if process.pid not in found and (process.parent in found or process.session in sessions)
        }
        grew = bool(more)
        found |= more
    found -= others | {os.getpid()}
    return [process for process in there if process.pid in found and process.is_alive]


def _read(pid: int) -> Process | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The second field is the program's name in brackets, which may itself hold brackets and blanks.
    fields = text[text.rindex(")") + 2 :].split()
    return Process(pid, int(fields[1]), int(fields[3]), fields[19], fields[0] not in "ZX")


def _scanned() -> Iterator[Process]:
    for name in os.listdir("/proc"):
        if name.isdecimal():
            process = _read(int(name))
            if process is not None:
                yield process


def _listed() -> Iterator[Process]:
    """The same from ``ps``, for systems without /proc; a process group stands for the session there."""
    command = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        pid, parent, group, state, started = line.split(maxsplit=4)
        yield Process(int(pid), int(parent), int(group), started.strip(), not state.startswith("Z"))


def _marks(pid: int) -> list[str]:
    """The marks in the environment of a process; none where that may not be read."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return []
    wanted = f"{MARK}=".encode()
    found = next((entry for entry in variables.split(b"\0") if entry.startswith(wanted)), wanted)
    return found[len(wanted) :].decode("ascii", "replace").split("/") if len(found) > len(wanted) else []
