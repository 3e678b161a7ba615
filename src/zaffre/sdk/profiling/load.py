"""Sending requests to a service and measuring its answers."""

from __future__ import annotations

import http.client
import itertools
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_TIMEOUT: Final = 120.0
_HEADERS: Final = {"content-type": "application/json"}


@dataclass(slots=True)
class Answers:
    """``latencies``: seconds of each answer of status 200; ``fault``: the first other one, as a sentence."""

    latencies: list[float] = field(default_factory=list)
    total: int = 0
    seconds: float = 0.0
    fault: str = ""

    def add(self, other: Answers) -> None:
        self.latencies += other.latencies
        self.total += other.total
        self.fault = self.fault or other.fault

    @property
    def rate(self) -> float:
        """Answers of status 200 in a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds, by the nearest rank; 0 without answers."""
        if not self.latencies:
            return 0.0
        ordered = sorted(self.latencies)
        return 1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    @property
    def mean(self) -> float:
        """In milliseconds; 0 without answers."""
        return 1000 * sum(self.latencies) / len(self.latencies) if self.latencies else 0.0


class Load:
    """The requests of one profile, sent to ``uri``; ``is_canceled`` ends what goes on."""

    def __init__(self, uri: str, bodies: Sequence[bytes], is_canceled: Callable[[], bool]) -> None:
        self._address = urlsplit(uri)
        self._bodies = bodies
        self._is_canceled = is_canceled

    def warm(self, count: int) -> None:
        """A few requests that are not counted: the first ones load and compile what later ones find."""
        self._send(itertools.islice(itertools.cycle(self._bodies), count), _TIMEOUT, lambda _: None)

    def one_by_one(self, least: int, most_seconds: float, tell: Callable[[int], None]) -> Answers:
        """Every request of the set, again and again up to ``least``, each after the answer before it; at most for
        ``most_seconds``. ``tell`` is called with how many were answered."""
        wanted = max(least, len(self._bodies))
        return self._send(itertools.islice(itertools.cycle(self._bodies), wanted), most_seconds, tell)

    def at_once(self, connections: int, seconds: float) -> Answers:
        """As fast as ``connections`` callers can at the same time."""
        made = [Answers() for _ in range(connections)]

        def call(number: int) -> None:
            shifted = itertools.islice(itertools.cycle(self._bodies), number, None)
            made[number] = self._send(shifted, seconds, lambda _: None)

        callers = [threading.Thread(target=call, args=(number,)) for number in range(connections)]
        begun = time.perf_counter()
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        answers = Answers(seconds=time.perf_counter() - begun)
        for one in made:
            answers.add(one)
        return answers

    def _send(self, bodies: itertools.islice[bytes], most_seconds: float, tell: Callable[[int], None]) -> Answers:
        answers = Answers()
        connection = self._connection()
        begun = time.perf_counter()
        try:
            for body in bodies:
                start = time.perf_counter()
                if self._is_canceled() or start - begun > most_seconds:
                    break
                fault = self._ask(connection, body)
                answers.total += 1
                if fault:
                    answers.fault = answers.fault or fault
                    connection.close()
                    connection = self._connection()
                else:
                    answers.latencies.append(time.perf_counter() - start)
                tell(answers.total)
        finally:
            connection.close()
        answers.seconds = time.perf_counter() - begun
        return answers

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._address.port, timeout=_TIMEOUT)

    def _ask(self, connection: http.client.HTTPConnection, body: bytes) -> str:
        """Empty after an answer of status 200, else what was answered."""
        try:
            connection.request("POST", self._address.path, body, _HEADERS)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return f"there was no answer ({type(error).__name__}: {error})"
        if answer.status == 200:
            return ""
        return f"the service answered {answer.status}: {content.decode('utf-8', 'replace')[:500]}"
