"""What the processes of a service take of this machine, as Linux counts it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core.errors import Unsupported
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.launch import processes

_TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_SERVICE: Final = "zaffre.service"  # label of a service's container: workspace/name


@dataclass(frozen=True, slots=True)
class Usage:
    """Of all processes together: CPU seconds so far, and the sum of the most memory each has held."""

    cpu_seconds: float
    peak_bytes: int


class Footprint:
    """The processes that serve, of a supervisor's process number or of a service's container."""

    def __init__(self, roots: list[int], *, with_roots: bool) -> None:
        self._roots = roots
        self._with_roots = with_roots
        self._ended: dict[int, Usage] = {}  # the last that was seen of each process

    @staticmethod
    def of_process(supervisor: int) -> Footprint:
        """All that a supervisor started, without itself."""
        return Footprint([supervisor], with_roots=False)

    @staticmethod
    def of_container(workspace: str, service: str) -> Footprint:
        """All in the service's containers. Raises ``EngineUnavailable``."""
        engine = Engine.connect()
        found = containers.labelled(engine, f"{_SERVICE}={workspace}/{service}")
        inspected = [containers.inspect(engine, str(one["Id"])) for one in found]
        return Footprint([int(one["State"]["Pid"]) for one in inspected if one is not None], with_roots=True)

    def read(self) -> Usage:
        """Processes that have ended since are counted with what they had when they were last read."""
        for pid in self._members():
            usage = _usage(pid)
            if usage is not None:
                self._ended[pid] = usage
        return Usage(
            sum(one.cpu_seconds for one in self._ended.values()), sum(one.peak_bytes for one in self._ended.values())
        )

    def _members(self) -> set[int]:
        there = processes.everyone()
        found = set(self._roots)
        grew = True
        while grew:
            more = {one.pid for one in there if one.parent in found and one.pid not in found}
            grew = bool(more)
            found |= more
        return found if self._with_roots else found - set(self._roots)


def check() -> None:
    """Raise ``Unsupported`` where processes cannot be measured."""
    if not Path("/proc/self/status").exists():
        raise Unsupported(
            "Model.profile measures with /proc, which this system has not: profile on a Linux machine, in a container "
            "or a virtual machine for instance."
        )


def _usage(pid: int) -> Usage | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    peak = _PEAK.search(status)  # a process that is ending has none
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(peak[1]) * 1024 if peak else 0)
