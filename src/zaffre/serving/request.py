"""One request as it was read: its line, headers, body and ids."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import unquote

Headers = list[tuple[bytes, bytes]]

ID_LIMIT: Final = 100  # characters of a request id
_AT_ONCE: Final = 64
_LONG: Final = f"x-request-id must not exceed {ID_LIMIT} characters"
_LONG_OF_CALLER: Final = f"x-ms-request-id and x-ms-client-request-id must not exceed {ID_LIMIT} characters"
ID_FAULTS: Final = (_LONG, _LONG_OF_CALLER)


class Request:
    """``fault`` is a status and a sentence: it could not be read, or is not to be answered otherwise."""

    __slots__ = (
        "arrived",
        "body",
        "client_id",
        "complete",
        "context",
        "fault",
        "headers",
        "keep_alive",
        "legacy_id",
        "method",
        "path",
        "query",
        "request_id",
        "trace_id",
    )

    def __init__(
        self, method: str, target: bytes, headers: Headers, body: bytes, keep_alive: bool, ids: Ids | None = None
    ) -> None:
        self.method = method
        path, _, self.query = target.partition(b"?")
        self.path = path.decode("latin-1") if b"%" not in path else unquote(path.decode("latin-1"))
        self.headers = headers
        self.body = body
        self.keep_alive = keep_alive
        self.arrived = 0.0  # its first byte, time.monotonic()
        self.complete = 0.0  # its last byte, as far as we know
        self.context: Any = None  # its span, where spans are sent (tracer.Context)
        self.fault: tuple[int, str] | None = None
        self._identify(headers, ids or Ids())

    def header(self, name: bytes) -> bytes:
        """Its first value; empty when it is not there."""
        for key, value in self.headers:
            if key == name:
                return value
        return b""

    def _identify(self, headers: Headers, ids: Ids) -> None:
        """``x-request-id`` is the request's own and made when absent. ``x-ms-client-request-id`` is the caller's;
        ``x-ms-request-id`` is its older name and always answered."""
        request_id = client_id = legacy_id = self.trace_id = b""
        for name, value in headers:
            if name == b"x-request-id":
                request_id = request_id or value
            elif name == b"x-ms-client-request-id":
                client_id = client_id or value
            elif name == b"x-ms-request-id":
                legacy_id = legacy_id or value
            elif name == b"traceid":
                self.trace_id = value
        if len(request_id) > ID_LIMIT:
            self.fault = (431, _LONG)
            request_id = client_id = legacy_id = b""
        else:
            request_id = request_id or ids.new()
            if len(client_id) > ID_LIMIT or len(legacy_id) > ID_LIMIT:
                self.fault = (431, _LONG_OF_CALLER)
                client_id = legacy_id = b""
            else:
                legacy_id, client_id = legacy_id or client_id or request_id, client_id or legacy_id
        self.request_id = request_id
        self.legacy_id = legacy_id
        self.client_id = client_id


class Ids:
    """Random UUIDs. Many are made at once, which takes less than half the time."""

    def __init__(self) -> None:
        self._ready: list[bytes] = []

    def new(self) -> bytes:
        if not self._ready:
            digits = os.urandom(16 * _AT_ONCE).hex()
            self._ready = [_uuid(digits[at : at + 32]) for at in range(0, 32 * _AT_ONCE, 32)]
        return self._ready.pop()


def _uuid(digits: str) -> bytes:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}".encode()


def titled(headers: Headers) -> dict[str, str]:
    """Headers as ``run(data, request_headers)`` gets them: ``Content-Type``, values joined with a comma."""
    named: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").title(), raw_value.decode("latin-1")
        named[name] = f"{named[name]},{value}" if name in named else value
    return named
