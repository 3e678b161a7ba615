"""A share of time that may be spent on what need not be done."""

from __future__ import annotations


class Allowance:
    """``share`` of the time that passes is saved up, up to ``most`` seconds, with which it begins at ``now``."""

    def __init__(self, share: float, most: float, now: float) -> None:
        self._share = share
        self._most = most
        self._saved = most
        self._at = now

    def is_left(self, now: float) -> bool:
        self._saved = min(self._most, self._saved + self._share * (now - self._at))
        self._at = now
        return self._saved > 0

    def spend(self, seconds: float) -> None:
        """May leave a debt."""
        self._saved -= seconds
