"""The bar of a migration, on stderr: what is done of what was found, and how fast; only on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from zaffre.cli.output import standard_error
from zaffre.sdk.migration.watch import Watch


class BarWatch(Watch):
    """Shows each phase as one line; threads may call it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._task: TaskID | None = None
        self._total = self._points = self._bytes = 0
        self._begun = time.monotonic()

    def phase(self, what: str) -> None:
        with self._lock:
            if self._task is not None:
                self._progress.update(self._task, total=self._total)
            self._total = self._points = self._bytes = 0
            self._begun = time.monotonic()
            self._task = self._progress.add_task(what, total=None, rate="")

    def found(self, things: int) -> None:
        with self._lock:
            self._total += things
            if self._task is not None:
                self._progress.update(self._task, total=self._total)

    def done(self, *, points: int = 0, size: int = 0) -> None:
        with self._lock:
            self._points += points
            self._bytes += size
            seconds = max(time.monotonic() - self._begun, 0.001)
            rate = f"{self._points / seconds:,.0f} points/s, {self._bytes / 1e6 / seconds:,.1f} MB/s"
            if self._task is not None:
                self._progress.update(self._task, advance=1, rate=rate)


@contextmanager
def following() -> Iterator[Watch]:
    """A bar while something is migrated."""
    console = standard_error()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield BarWatch(progress)
