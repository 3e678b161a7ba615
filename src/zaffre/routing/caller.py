"""A caller's connection: bytes in, whole requests out as they are sent on, and bytes of answers back."""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from typing import Final

import httptools

HEAD_BYTES: Final = 64 * 1024  # of request line and headers
_READ: Final = 256 * 1024
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
SESSION: Final = b"x-zaffre-session"
VERSION: Final = b"azureml-model-deployment"  # as Azure's managed endpoints name it
REQUEST_ID: Final = b"x-request-id"
# What concerns one connection only. RFC 9110, 7.6.1. The length is written anew, and nobody waits for a 100.
_DROPPED: Final = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade", b"transfer-encoding",
        b"content-length", b"expect",
    )
)  # fmt: skip
ID_BYTES: Final = 100


class Request:
    """One request. ``head`` is sent on behind its first line; ``fault`` is a status and a sentence: it cannot be."""

    __slots__ = (
        "body",
        "fault",
        "head",
        "keep_alive",
        "method",
        "mirrored",
        "request_id",
        "session",
        "target",
        "version",
    )

    def __init__(self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.method = method
        self.target = target
        self.body = body
        self.keep_alive = True
        self.mirrored = False
        self.fault: tuple[int, str] | None = None
        self.session = self.version = self.request_id = b""
        lines = []
        for name, value in headers:
            lowered = name.lower()
            if lowered in _DROPPED:
                continue
            lines.append(b"%b: %b\r\n" % (name, value))
            if lowered == VERSION:
                self.version = value
            elif lowered == SESSION:
                self.session = value
            elif lowered == REQUEST_ID:
                self.request_id = value
        if not self.request_id:
            self.request_id = _new_id()
            lines.append(b"x-request-id: %b\r\n" % self.request_id)
        lines.append(b"content-length: %d\r\n\r\n" % len(body))
        self.head = b"".join(lines)

    def sent_to(self, prefix: str) -> bytes:
        """The request as a version gets it."""
        return b"%b %b%b HTTP/1.1\r\n%b%b" % (self.method, prefix.encode(), self.target, self.head, self.body)


class Caller:
    """``receive`` when it is readable, then ``requests``; ``send``; ``flush`` when it is writable. Nothing waits."""

    __slots__ = (
        "_body",
        "_fault",
        "_fed",
        "_headers",
        "_in_body",
        "_limit",
        "_parser",
        "_size",
        "_target",
        "busy",
        "closing",
        "ended",
        "events",
        "fd",
        "gone",
        "is_reading",
        "lingers_until",
        "out",
        "requests",
        "since",
        "sock",
    )

    def __init__(self, sock: socket.socket, limit: int, now: float) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.requests: deque[Request] = deque()
        self.out = bytearray()
        self.busy = False  # a request of it is answered by a version
        self.closing = False  # after what is in ``out``
        self.ended = False  # the other side sends nothing more
        self.gone = False  # nor does it read
        self.is_reading = False  # a part of a request is here
        self.since = now  # that, or that it is idle
        self.lingers_until = 0.0
        self.events = 1
        self._limit = limit
        self._parser = httptools.HttpRequestParser(self)
        self._clear()

    def _clear(self) -> None:
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._fed = 0
        self._in_body = False
        self._fault: tuple[int, str] | None = None

    # What the parser calls.

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_body = True
        for name, value in self._headers:
            lowered = name.lower()
            if lowered == b"content-length" and value.isdigit() and int(value) > self._limit:
                self._fault = self._too_large()
            elif lowered == b"expect" and value.lower() == b"100-continue" and self._fault is None:
                self.send(_CONTINUE)

    def on_body(self, part: bytes) -> None:
        if self._fault is None:
            self._body.append(part)
            self._size += len(part)
            if self._size > self._limit:
                self._fault = self._too_large()

    def on_message_complete(self) -> None:
        self._finish(self._parser.should_keep_alive())

    # For the router.

    def receive(self, now: float) -> None:
        """Read once."""
        try:
            data = self.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            self.gone = True
            return
        if not data:
            self.ended = True
            self.gone = self.is_reading
            return
        if self.lingers_until:
            return
        if not self.is_reading:
            self.is_reading = True
            self.since = now
        if not self._in_body:
            self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # we stay with HTTP/1.1, as every server may
        except httptools.HttpParserError as error:
            self.give_up(400, f"This is not HTTP: {error}.")
            return
        if self._in_body and self._fault is not None:
            self.give_up(*self._fault)
        elif not self._in_body and self._fed > HEAD_BYTES:
            self.give_up(431, f"The headers are larger than {HEAD_BYTES} bytes.")

    def give_up(self, status: int, sentence: str) -> None:
        """Answer what was read so far with ``status``, and read no more."""
        self._fault = (status, sentence)
        self._finish(keep_alive=False)

    def send(self, data: bytes) -> None:
        """Send what the system takes now, keep the rest."""
        if self.out:
            self.out += data
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.gone = True
            return
        if sent < len(data):
            self.out += data[sent:]

    def flush(self) -> None:
        try:
            del self.out[: self.sock.send(self.out)]
        except BlockingIOError:
            return
        except OSError:
            self.gone = True

    def linger(self, until: float) -> None:
        """Tell the other side that nothing more comes, and throw away what it still sends."""
        self.lingers_until = until
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def _too_large(self) -> tuple[int, str]:
        return 413, f"The body is larger than {self._limit} bytes."

    def _finish(self, keep_alive: bool) -> None:
        self.is_reading = False
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(self._parser.get_method() or b"", self._target, self._headers, body)
        request.keep_alive = keep_alive
        request.fault = self._fault
        if len(request.request_id) > ID_BYTES:
            request.fault = request.fault or (431, f"x-request-id must not exceed {ID_BYTES} characters")
            request.request_id = b""
        self.requests.append(request)
        self._clear()


def _new_id() -> bytes:
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}".encode()
