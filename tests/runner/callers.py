"""Callers of a service that never rest: each keeps its connection, as programs do, and nothing it sends may be lost."""

from __future__ import annotations

import http.client
import json
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

_SECONDS = 60.0
T = TypeVar("T", bound="_Threads")


class _Threads(ABC):
    """Callers that call, one thread each, until the end of the ``with``."""

    def __init__(self, uri: str, arguments: Sequence[tuple[Any, ...]]) -> None:
        parts = urlsplit(uri)
        self._address = (parts.hostname or "", parts.port or 80)
        self._path = parts.path
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=one) for one in arguments]

    def __enter__(self: T) -> T:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @abstractmethod
    def _call(self, *arguments: Any) -> None:
        """What one of them does until ``_ended``."""

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self._address, timeout=_SECONDS)


class Callers(_Threads):
    """``with Callers(uri, count=8, pause=0.01) as callers: ...``; half of them connect anew for each request."""

    def __init__(self, uri: str, count: int, pause: float, body: str = "1") -> None:
        super().__init__(uri, [(number % 2 == 0,) for number in range(count)])
        self._pause = pause
        self._body = body
        self._done: deque[tuple[int, str]] = deque()
        self.lost: list[str] = []

    def statuses(self) -> list[int]:
        return [status for status, _ in list(self._done)]

    def answers(self, status: int) -> set[str]:
        """The bodies answered with it, as JSON values or text."""
        return {text for one, text in list(self._done) if one == status}

    def last(self, count: int) -> set[tuple[int, str]]:
        return set(list(self._done)[-count:])

    def _call(self, keeps: bool) -> None:
        connection = self._connect()
        while not self._ended.is_set():
            try:
                connection.request("POST", self._path, self._body)
                answer = connection.getresponse()
                text = answer.read().decode()
                try:
                    self._done.append((answer.status, str(json.loads(text))))
                except ValueError:
                    self._done.append((answer.status, text))
                if not keeps or answer.will_close:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
                connection = self._connect()
            time.sleep(self._pause)
        connection.close()


class KeptCallers(_Threads):
    """Callers with one connection each, which is opened once: an end of it, and an answer that announces one, is a
    fault. Each rests for another time between its calls, so that connections are found busy and idle."""

    def __init__(self, uri: str, pauses: tuple[float, ...] = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)) -> None:
        super().__init__(uri, list(enumerate(pauses)))
        self._latest = [""] * len(pauses)
        self.faults: list[str] = []
        self.calls = 0

    def have(self, answer: str) -> bool:
        """Whether that was the latest answer of each; true also when one has failed, to wait for no more."""
        return set(self._latest) == {answer} or bool(self.faults)

    def _call(self, number: int, pause: float) -> None:
        connection = self._connect()
        connection.connect()
        connection.auto_open = 0
        try:
            while not self._ended.wait(pause):
                connection.request("POST", self._path, "1")
                answer = connection.getresponse()
                text = answer.read().decode()
                assert answer.status == 200, f"{answer.status}: {text}"
                assert not answer.will_close, "the server closes the connection"
                self._latest[number] = str(json.loads(text))
                self.calls += 1
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.faults.append(f"caller {number}, which rests for {pause} s: {error!r}")
        connection.close()
