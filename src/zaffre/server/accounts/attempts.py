"""How often a password may be guessed: ten times for a user from one address, and a hundred times from one address.

Only what failed counts. A name is never locked for everyone, or anybody could lock a user out.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Final

from zaffre.core.errors import TooManyAttempts

WINDOW_SECONDS: Final = 300.0
OF_NAME: Final = 10
OF_ADDRESS: Final = 100
_REMEMBERED: Final = 4096

_Key = tuple[str, str | None]


class Attempts:
    """Counts in windows of five minutes. An attempt counts from its start, and not at all once it succeeded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[_Key, tuple[float, int]] = OrderedDict()  # the end of the window, and how many

    def begin(self, name: str, address: str) -> None:
        """Count one; raises ``TooManyAttempts`` where there were too many."""
        now = time.monotonic()
        with self._lock:
            for key, most in (((address, name), OF_NAME), ((address, None), OF_ADDRESS)):
                end, count = self._counts.get(key, (0.0, 0))
                if now < end and count >= most:
                    seconds = round(end - now) + 1
                    raise TooManyAttempts(
                        f"There were too many attempts to sign in with a wrong password. Try again in {seconds} s.",
                        seconds=seconds,
                    )
            self._add(name, address, 1, now)

    def succeeded(self, name: str, address: str) -> None:
        """The attempt that began was a good one."""
        with self._lock:
            self._counts.pop((address, name), None)
            self._add(None, address, -1, time.monotonic())

    def _add(self, name: str | None, address: str, more: int, now: float) -> None:
        for key in ((address, None),) if name is None else ((address, name), (address, None)):
            end, count = self._counts.pop(key, (0.0, 0))
            fresh = now >= end
            self._counts[key] = (now + WINDOW_SECONDS if fresh else end, max(0, (0 if fresh else count) + more))
        while len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
