"""The container that a workload runs in: its image, what it sees of this machine, and its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from zaffre.core.errors import InvalidValue

_UNITS: Final = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine as the container sees it."""

    source: Path
    target: str
    read_only: bool = False
    owned: bool = False  # the workload's own: its account is made the owner, as of the workload's folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Everything that is not said is the engine's default. Sizes in bytes."""

    image: str
    mounts: tuple[Mount, ...] = ()  # besides the workload's own folder
    workdir: str = ""  # where the workload's folder stands in it; "": the same path as outside
    network: Literal["bridge", "host"] = "bridge"  # host: the network of this machine, with its 127.0.0.1
    ports: Mapping[int, tuple[str, int]] = field(default_factory=dict)  # in the container -> address, port outside
    cpus: float | None = None
    memory: int | None = None
    cpus_reserved: float | None = None  # its weight beside other containers, where all want more than there is
    memory_reserved: int | None = None  # what it keeps where the machine's memory is scarce
    shm_size: int | None = None
    gpus: str = ""  # "all", or a number
    ulimits: Mapping[str, int] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()  # NAME:ADDRESS
    shares_ipc: bool = False  # the shared memory of this machine
    variables: Mapping[str, str] = field(default_factory=dict)  # for programs that the workload's own do not set
    labels: Mapping[str, str] = field(default_factory=dict)
    outlives: bool = False  # it goes on without the process that started it, and restarts with the engine


def size_of(text: str, what: str) -> int:
    """Bytes of ``2g``, ``512m``, ``1024``; raises ``InvalidValue`` naming ``what``."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(f"{what} is {text!r}, which is no size: write a number with b, k, m or g, such as 2g.")
    return int(float(match[1]) * _UNITS[match[2].lower()])
