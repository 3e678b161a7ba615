"""An answer as the bytes that are sent."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from zaffre.serving import cors
from zaffre.serving.request import Request
from zaffre.serving.results import Answer

_LINES: Final = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode("ascii") for s in HTTPStatus}
_FAILED: Final = {
    True: b"x-ms-run-function-failed: True\r\n",
    False: b"x-ms-run-function-failed: False\r\n",
    None: b"",
}
_BODILESS: Final = (204, 304)
LAST_CHUNK: Final = b"0\r\n\r\n"


class Replies:
    """Writes the answers of one service. What all of them have stands here once."""

    def __init__(self, server_version: str, cors_origins: tuple[str, ...]) -> None:
        self._version = f"x-ms-server-version: {server_version}\r\n".encode() if server_version else b""
        self._origins = cors_origins
        self._dated = 0
        self._date = b""

    def whole(self, answer: Answer, request: Request, *, close: bool) -> bytes:
        """Head and body."""
        body = answer.body
        length = b"" if answer.status in _BODILESS else b"content-length: %d\r\n" % len(body)
        head = self._head(answer, request, length, close)
        return head if request.method == "HEAD" or answer.status in _BODILESS else head + body

    def beginning(self, answer: Answer, request: Request, *, close: bool) -> bytes:
        """The head of an answer that is streamed in chunks."""
        return self._head(answer, request, b"transfer-encoding: chunked\r\n", close)

    def _head(self, answer: Answer, request: Request, length: bytes, close: bool) -> bytes:
        line = _LINES.get(answer.status) or b"HTTP/1.1 %d Status\r\n" % answer.status
        parts = [
            line,
            self._now(),
            b"content-type: ",
            answer.content_type,
            b"\r\n",
            length,
            _FAILED[answer.failed],
            _ids(request),
            self._version,
        ]
        if answer.seconds is not None:
            parts.append(b"x-ms-run-fn-exec-ms: %.3f\r\n" % (answer.seconds * 1000))
        for name, value in answer.headers:  # those of a response object; none of ours can be overwritten
            if name not in _OURS:
                parts.append(b"%b: %b\r\n" % (name, value))
        if self._origins:
            parts += [b"%b: %b\r\n" % pair for pair in cors.headers(request, self._origins)]
        parts.append(b"connection: close\r\n\r\n" if close else b"\r\n")
        return b"".join(parts)

    def _now(self) -> bytes:
        second = int(time.time())
        if second != self._dated:
            self._dated = second
            self._date = f"date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._date


_OURS: Final = {
    b"content-type",
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"date",
    b"x-ms-run-function-failed",
    b"x-ms-run-fn-exec-ms",
    b"x-ms-server-version",
    b"x-request-id",
    b"x-ms-request-id",
    b"x-ms-client-request-id",
    b"traceid",
}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _ids(request: Request) -> bytes:
    if not request.request_id:
        return b""
    text = b"x-request-id: %b\r\nx-ms-request-id: %b\r\n" % (
        request.request_id,
        request.legacy_id or request.request_id,
    )
    if not request.legacy_id:  # one of the caller's ids is too long: neither is sent back
        text = b"x-request-id: %b\r\n" % request.request_id
    if request.client_id:
        text += b"x-ms-client-request-id: %b\r\n" % request.client_id
    if request.trace_id:
        text += b"traceid: %b\r\n" % request.trace_id
    return text
