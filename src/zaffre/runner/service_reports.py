"""What the server knows of a service: the newest report, sent at once and again as a heartbeat; and what it wants."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from zaffre.core.entities import Service
from zaffre.core.errors import AzureMLException, Category
from zaffre.core.limits import HEARTBEAT_SECONDS
from zaffre.core.states import ServiceState
from zaffre.core.wire import ReportAnswer, ServiceReport
from zaffre.runner.channel import Channel
from zaffre.sdk.client import Client

_AGAIN_SECONDS: Final = 1.0  # after a report that was not taken
_PATIENCE_SECONDS: Final = 3.0  # before a stream that is silent is looked for at the server's newest address


class Reports:
    """Two threads: one reports and hears the answer, one listens to the stream, so that a change is known at once.

    ``wanted`` hears (revision, state) whenever the server tells; state ``deleted`` also when it knows no such service.
    ``keys`` hears the digests of which callers must send one, None where everyone may call.
    """

    def __init__(
        self,
        channel: Channel,
        route: str,
        stream: tuple[str, dict[str, object]],
        first: ServiceReport,
        wanted: Callable[[int, ServiceState], None],
        keys: Callable[[list[str] | None], None],
    ) -> None:
        self._channel = channel
        self._route = route
        self._stream = stream
        self._wanted = wanted
        self._keys = keys
        self._keys_changed_at: int | None = None
        self._report = first
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._send_all, name="reports", daemon=True),
            threading.Thread(target=self._listen, name="stream", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def tell(self, **changes: Any) -> None:
        """Change fields of the report and have it sent."""
        self._report = replace(self._report, **changes)
        self._changed.set()

    def close(self, state: ServiceState) -> None:
        """Send the last report, if the server is there; once, for the next of this name may be another service."""
        self._closed.set()
        self._changed.set()
        self._threads[0].join()
        self._report = replace(self._report, state=state)
        with contextlib.suppress(AzureMLException):
            self._send()

    def _send_all(self) -> None:
        while True:
            self._changed.clear()
            if self._closed.is_set():
                return
            pause = HEARTBEAT_SECONDS
            try:
                answer = self._send()
                self._keys(answer.keys)
                self._wanted(answer.revision, answer.state)
            except AzureMLException as error:
                # A server that is away will be back; whatever it refuses, the service goes on serving.
                if error.category is Category.NOT_FOUND:
                    self._wanted(self._report.revision, ServiceState.DELETED)
                pause = _AGAIN_SECONDS
            self._changed.wait(pause)

    def _send(self) -> ReportAnswer:
        report = self._report
        return self._channel.call(
            lambda client: client.post(f"{self._route}/report", ReportAnswer, report, idempotent=True)
        )

    def _listen(self) -> None:
        path, params = self._stream

        def follow(client: Client) -> None:
            for event in client.stream(path, params, patience=_PATIENCE_SECONDS):
                if self._closed.is_set():
                    return
                if event.event == "service":
                    service = event.decode(Service)
                    if service.keys_changed_at != self._keys_changed_at:
                        self._keys_changed_at = service.keys_changed_at
                        self._changed.set()  # the answer to a report holds them
                    self._wanted(service.revision, service.state)

        while not self._closed.is_set():
            with contextlib.suppress(AzureMLException):
                self._channel.call(follow)
            self._closed.wait(_AGAIN_SECONDS)
