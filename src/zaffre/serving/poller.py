"""Which of many sockets are ready: epoll where the system has it, poll elsewhere."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable
from typing import Any, Final

# The same numbers in epoll and in poll. ERROR and GONE are told whether they were asked for or not.
NOTHING: Final = 0
IN: Final = 1
OUT: Final = 4
ERROR: Final = 8
GONE: Final = 16


def readable(sockets: Iterable[socket.socket]) -> set[int]:
    """The descriptors of those that have something to read now, the mere end of what comes left out."""
    poll, ended = select.poll(), getattr(select, "POLLRDHUP", 0)
    for sock in sockets:
        poll.register(sock, select.POLLIN | ended)
    return {fd for fd, what in poll.poll(0) if not what & (ended | ERROR | GONE)}


class Poller:
    def __init__(self) -> None:
        self._is_epoll = hasattr(select, "epoll")
        self._poll: Any = select.epoll() if self._is_epoll else select.poll()

    @property
    def is_nestable(self) -> bool:
        """Whether another poller can watch this one."""
        return self._is_epoll

    def fileno(self) -> int:
        """Readable whenever ``wait`` would return something; only where it ``is_nestable``."""
        number: int = self._poll.fileno()
        return number

    def watch(self, fd: int, events: int) -> None:
        self._poll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        self._poll.modify(fd, events)

    def forget(self, fd: int) -> None:
        self._poll.unregister(fd)

    def wait(self, seconds: float | None) -> list[tuple[int, int]]:
        """Pairs of descriptor and events; empty after ``seconds``. None waits for ever."""
        if seconds is not None and not self._is_epoll:
            seconds *= 1000
        found: list[tuple[int, int]] = self._poll.poll(seconds)
        return found

    def close(self) -> None:
        if self._is_epoll:
            self._poll.close()
