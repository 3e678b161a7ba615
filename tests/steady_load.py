"""So many requests a second to one address, whatever becomes of them: what is lost while a service changes is seen."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from types import TracebackType
from urllib.parse import urlsplit

SECONDS = 60.0  # how long an answer may take


class SteadyLoad:
    """Inside ``with``, ``connections`` callers send ``per_second`` requests together; each keeps its connection.

    ``answers`` counts the bodies of all that were answered with 200, ``first`` and ``last`` tell when one of them came
    (``time.monotonic()``), ``failures`` names the other requests. A connection is
    opened again where the server said that it closes it, never to send a request a second time.
    """

    def __init__(self, url: str, body: bytes, per_second: float, connections: int = 4) -> None:
        self.answers: Counter[bytes] = Counter()
        self.failures: list[str] = []
        self.latest = b""
        self.first: dict[bytes, float] = {}
        self.last: dict[bytes, float] = {}
        self._address = urlsplit(url)
        self._body = body
        self._pause = connections / per_second
        self._over = threading.Event()
        self._callers = [threading.Thread(target=self._call, args=(n,)) for n in range(connections)]
        self._begun = 0.0
        self._ended = 0.0

    def __enter__(self) -> SteadyLoad:
        self._begun = time.monotonic()
        for caller in self._callers:
            caller.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: object, _traceback: TracebackType | None) -> None:
        self._over.set()
        for caller in self._callers:
            caller.join()
        self._ended = time.monotonic()

    @property
    def per_second(self) -> float:
        """How many requests were sent in each second."""
        return (self.answers.total() + len(self.failures)) / (self._ended - self._begun)

    def _call(self, number: int) -> None:
        due = self._begun + number * self._pause / len(self._callers)
        connection: http.client.HTTPConnection | None = None
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            try:
                if connection is None:
                    host, port = self._address.hostname or "", self._address.port
                    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
                connection.request("POST", self._address.path, self._body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection = None
                continue
            if response.status == 200:
                self.latest = content
                self.answers[content] += 1
                self.last[content] = time.monotonic()
                self.first.setdefault(content, self.last[content])
            else:
                self.failures.append(f"{response.status}: {content[:300]!r}")
            if response.will_close:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()
