"""A progress bar of one line, for what takes long."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, TextIO

from zaffre.core.limits import MIB

WIDTH: Final = 30
SECONDS: Final = 0.2


class Bar:
    """How much of ``total`` bytes is done; a terminal sees it grow, elsewhere only the end is printed."""

    def __init__(self, title: str, total: int, *, shown: bool, out: TextIO) -> None:
        self._title = title
        self._total = total
        self._shown = shown
        self._out = out
        self._done = 0
        self._drawn_at = 0.0

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and error is None:
            self._draw("\n")

    def advance(self, count: int) -> None:
        self._done += count
        if self._shown and self._out.isatty() and time.monotonic() - self._drawn_at > SECONDS:
            self._drawn_at = time.monotonic()
            self._draw("")

    def _draw(self, end: str) -> None:
        part = self._done / self._total if self._total else 1.0
        filled = "=" * int(part * WIDTH)
        numbers = f"{self._done / MIB:.1f} of {self._total / MIB:.1f} MB"
        self._out.write(f"\r{self._title} [{filled:<{WIDTH}}] {numbers}{end}")
        self._out.flush()
