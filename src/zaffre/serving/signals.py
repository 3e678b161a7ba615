"""Signals as bytes that a poller can wait for."""

from __future__ import annotations

import signal
import socket
from collections.abc import Sequence
from types import FrameType


class Signals:
    """Make it on the main thread. A signal's number is one byte of what ``read`` returns."""

    def __init__(self, numbers: Sequence[int]) -> None:
        def nothing(_signal: int, _frame: FrameType | None) -> None:
            """A fork keeps this too: what stops the service reaches a worker as an order."""

        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        for number in numbers:
            signal.signal(number, nothing)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)

    def fileno(self) -> int:
        return self._woken.fileno()

    def read(self) -> bytes:
        return self._woken.recv(4096)

    def abandon(self) -> None:
        """In a fork: be told nothing any more."""
        signal.set_wakeup_fd(-1)
        self._woken.close()
        self._waker.close()
