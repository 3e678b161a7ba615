"""One worker as the front sees it, and what a fork of the front needs to become one."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any

from zaffre.serving.channel import FrontEnd, WorkerEnd


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
    began: float = field(default_factory=time.monotonic)
    worked: int = 0  # when it was last looked at
    rung_for: int = 0  # the call, by its beginning, that its lifeguard was woken for


@dataclass(frozen=True)
class Recruit:
    """What ``Front.run`` returns in a fork: become a worker."""

    row: int
    channel: WorkerEnd
    is_first: bool  # of the service: it tries the script before anyone is answered
