"""One queued write function and the one who waits for what it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection


class Job:
    """A write function, and its outcome once it is known; the waiter hears of it only after the commit."""

    __slots__ = ("error", "fn", "loop", "result", "waiter")

    def __init__(
        self,
        fn: Callable[[Connection], Any],
        waiter: Future[Any] | asyncio.Future[Any],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.fn = fn
        self.waiter = waiter
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Hand the outcome to the waiter; on the loop's own thread where the waiter belongs to a loop."""
        if self.waiter.done():
            return  # the caller went away; the write stands all the same
        if self.error is not None:
            self.waiter.set_exception(self.error)
        else:
            self.waiter.set_result(self.result)


def settle(jobs: Iterable[Job]) -> None:
    """Hand out the outcomes, waking each event loop once however many of its callers wait."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        if job.loop is None:
            job.settle()
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, waiting)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _settle_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()
