"""What is to be started, what names it once it runs, and how it fares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zaffre.core.codec import convert
from zaffre.launch.container import Container


@dataclass(frozen=True, slots=True)
class Workload:
    """A program to run. ``env`` is its whole environment; its output is appended to the file ``log_path``."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    log_path: Path
    name: str  # for people: a run's id, a service's name
    container: Container | None = None  # for backends that run containers; others have no use for it
    tied: bool = False  # it ends when the process that started it does, also one that was killed


@dataclass(frozen=True, slots=True)
class Handle:
    """Names one started workload for ever, on the machine that started it; ``to_plain`` makes it JSON."""

    name: str
    pid: int  # 0 for a container
    started: str  # when the process started, so that a number that is used again names nothing; a container's id
    mark: str  # stands in the environment of every process of the workload

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plain(cls, value: object) -> Handle:
        """The handle that ``to_plain`` made; raises ``InvalidValue`` for anything else."""
        return convert(value, cls, what="the handle")


@dataclass(frozen=True, slots=True)
class Status:
    """How a workload fares. ``exit_code`` is None while it runs, and where only its parent was told; a negative one
    is the signal that ended it."""

    running: bool
    exit_code: int | None = None
    reason: str = ""  # a sentence, where its end has a cause that the exit code does not tell
