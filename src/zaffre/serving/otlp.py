"""OpenTelemetry's protocol over HTTP with JSON: where spans and log records go, and the thread that brings them there.

The messages are those of opentelemetry-proto 1.x in its JSON
encoding (https://opentelemetry.io/docs/specs/otlp/): ids are hexadecimal, 64 bit numbers are strings.
"""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from zaffre.serving import board as boards
from zaffre.serving.collector import Collector, Destination

log = logging.getLogger("zaffre.serving")

QUEUE: Final = 4096  # items of a kind that wait; what comes then is dropped
_BATCH: Final = 512  # items in one message
_PERIOD_SECONDS: Final = 0.5
_CLOSE_SECONDS: Final = 3.0
_AGAIN: Final = (429, 502, 503, 504)  # the collector asks to be sent the message again
_TRIES: Final = 4


def attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]


def packed(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


class Exporter(threading.Thread):
    """Takes items, each in JSON, at once, and sends them in its own time; what cannot be kept or sent is counted in the
    row. So no Python object but their text outlives a request, and to pack a message never takes Python's lock for
    long."""

    def __init__(self, collector: Collector, row: memoryview) -> None:
        super().__init__(name="otlp", daemon=True)
        self._collector = collector
        self._row = row
        self._spans: deque[str] = deque()
        self._records: deque[str] = deque()
        self._closed = threading.Event()
        self._is_warned = False
        self._resource = packed({"attributes": attributes(collector.resource)})

    def span(self, span: str) -> None:
        self._put(self._spans, span, self._collector.traces)

    def record(self, record: str) -> None:
        self._put(self._records, record, self._collector.logs)

    def _put(self, queue: deque[str], item: str, destination: Destination | None) -> None:
        if destination is None:
            return
        if len(queue) >= QUEUE:
            self._row[boards.EXPORT_REFUSED] += 1
            return
        queue.append(item)

    def close(self) -> None:
        """Send what waits, but no longer than a few seconds."""
        self._closed.set()
        self.join(_CLOSE_SECONDS)

    def run(self) -> None:
        while True:
            last = self._closed.wait(_PERIOD_SECONDS)
            self._drain(self._spans, self._collector.traces, "resourceSpans", "scopeSpans", "spans")
            self._drain(self._records, self._collector.logs, "resourceLogs", "scopeLogs", "logRecords")
            if last:
                return

    def _drain(self, queue: deque[str], where: Destination | None, *names: str) -> None:
        while queue and where is not None:
            items = [queue.popleft() for _ in range(min(_BATCH, len(queue)))]
            body = (
                f'{{"{names[0]}":[{{"resource":{self._resource},"{names[1]}":[{{"scope":{{"name":"zaffre.serving"}},'
                f'"{names[2]}":[{",".join(items)}]}}]}}]}}'
            )
            self._row[boards.EXPORTED if self._send(where, body.encode()) else boards.EXPORT_FAILED] += len(items)

    def _send(self, where: Destination, body: bytes) -> bool:
        """Whether the collector took it."""
        problem = ""
        for attempt in range(_TRIES):
            try:
                status = self._post(where, body)
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if status < 300:
                    return True
                problem = f"it answered {status}"
                if status not in _AGAIN:
                    break
            if attempt + 1 < _TRIES and self._closed.wait(0.5 * 2**attempt):
                break
        if not self._is_warned:
            self._is_warned = True
            log.warning("the collector at %s does not take what is sent: %s", where.url, problem)
        return False

    def _post(self, where: Destination, body: bytes) -> int:
        parts = urlsplit(where.url)
        timeout = self._collector.timeout
        assert parts.hostname is not None
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self._collector.certificate)
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        try:
            target = parts.path or "/"
            path = f"{target}?{parts.query}" if parts.query else target
            connection.request("POST", path, body, {**where.headers, "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def now_ns() -> str:
    return str(time.time_ns())
