"""Bars for transfers and a spinner for waits, on stderr; where stderr is no terminal they show nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.status import Status

from zaffre.cli.output import standard_error
from zaffre.sdk.client import Progress as Report


class Transfer:
    """One bar over several files; ``report`` makes the callback for the next file."""

    def __init__(self, progress: Progress, description: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total)
        self._before = 0  # bytes of the files that are done
        self._now = 0

    def report(self) -> Report:
        self._before += self._now
        self._now = 0

        def tell(done: int, _total: int | None) -> None:
            self._now = done
            self._progress.update(self._task, completed=self._before + done)

        return tell


@contextmanager
def transfer(description: str, total: int | None) -> Iterator[Transfer]:
    """A bar of ``total`` bytes while files are sent or fetched."""
    console = standard_error()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield Transfer(progress, description, total)


@contextmanager
def waiting(description: str) -> Iterator[None]:
    """A spinner while something is waited for."""
    console = standard_error()
    if not console.is_terminal:
        yield
        return
    with Status(description, console=console):
        yield
