"""How long this machine has been awake: nobody on it can have beaten while it slept."""

from __future__ import annotations

import time

_SLEPT_SECONDS = 10.0  # a longer pause between two rounds means that this machine slept, and all that runs on it too


class Wakefulness:
    """Asked once in every round of a loop, from one thread."""

    def __init__(self) -> None:
        self._awake_since = self._last_asked = time.time()

    def seconds(self) -> float:
        """Seconds since it was made, or since the machine woke."""
        now = time.time()
        if now - self._last_asked > _SLEPT_SECONDS:
            self._awake_since = now
        self._last_asked = now
        return now - self._awake_since
