"""Who waits for news learns of it: topics are published after a commit, and streams wait for those they show.

Topics: ``run:<id>``, ``metrics:<id>``, ``log:<id>``, ``files:<id>``, ``service:<workspace>/<name>``,
``runs:<workspace>``. News carries no content; who is woken reads the store.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable


class Notifier:
    """Remembers when each topic was last published. Safe to call from any thread; waits on an event loop."""

    def __init__(self, remembered: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self._forgotten = 0  # topics that are not in _last were last published at or before this
        self._last: dict[str, int] = {}  # in the order of publishing
        self._remembered = remembered
        self._waiting: dict[str, set[_Waiter]] = {}

    def publish(self, *topics: str) -> None:
        """Wake everyone who waits for one of ``topics``. Call it after the commit, never inside a write function."""
        with self._lock:
            self._now += 1
            woken: set[_Waiter] = set()
            for topic in topics:
                self._last.pop(topic, None)
                self._last[topic] = self._now
                woken |= self._waiting.get(topic, set())
            if len(self._last) > self._remembered:
                self._forget_half()
        for waiter in woken:
            waiter.wake()

    def mark(self) -> int:
        """Now. Take it before reading the store, and wait from it after: nothing in between is missed."""
        with self._lock:
            return self._now

    async def wait(self, topics: Iterable[str], *, since: int, timeout: float) -> set[str]:
        """The topics that were published after the mark ``since``, at once or as soon as there are any.

        A topic that has long been quiet may be among them without news. After ``timeout`` seconds: an empty set.
        """
        wanted = set(topics)
        waiter = _Waiter(asyncio.get_running_loop())
        with self._lock:
            for topic in wanted:
                self._waiting.setdefault(topic, set()).add(waiter)
        try:
            news = self._news(wanted, since)
            if not news:
                try:
                    await asyncio.wait_for(waiter.event.wait(), timeout)
                except asyncio.TimeoutError:
                    return set()
                news = self._news(wanted, since)
            return news
        finally:
            self._leave(wanted, waiter)

    def _news(self, topics: Iterable[str], since: int) -> set[str]:
        with self._lock:
            return {topic for topic in topics if self._last.get(topic, self._forgotten) > since}

    def _forget_half(self) -> None:
        for topic in list(self._last)[: len(self._last) // 2]:
            self._forgotten = self._last.pop(topic)

    def _leave(self, topics: Iterable[str], waiter: _Waiter) -> None:
        with self._lock:
            for topic in topics:
                left = self._waiting.get(topic, set())
                left.discard(waiter)
                if not left:
                    self._waiting.pop(topic, None)


class _Waiter:
    """One stream that waits, and the loop on which it does."""

    __slots__ = ("event", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.event = asyncio.Event()

    def wake(self) -> None:
        try:
            self.loop.call_soon_threadsafe(self.event.set)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return
