"""HTTP/1.1 on one non-blocking socket: bytes in, whole requests out, and answers back."""

from __future__ import annotations

import contextlib
import select
import socket
from collections import deque
from typing import Final

import httptools

from zaffre.serving import board as boards
from zaffre.serving.board import Board
from zaffre.serving.request import Headers, Ids, Request

HEAD_BYTES: Final = 64 * 1024  # of request line and headers
_FIRST_READ: Final = 16 * 1024
_BODY_READ: Final = 256 * 1024
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection:
    """``receive`` when it is readable, then ``requests``; ``send`` an answer; ``flush`` when it is writable.

    The one who holds it decides what happens at which time; nothing here waits.
    """

    __slots__ = (
        "_body",
        "_body_size",
        "_expects",
        "_fed",
        "_headers",
        "_ids",
        "_in_body",
        "_limit",
        "_parser",
        "_refused",
        "_seen",
        "_target",
        "begun",
        "board",
        "closing",
        "ended",
        "events",
        "fd",
        "idle_since",
        "is_reading",
        "is_streaming",
        "lingers_until",
        "out",
        "requests",
        "serving",
        "slot",
        "sock",
        "streams_events",
        "waits_since",
    )

    def __init__(self, sock: socket.socket, slot: int, board: Board, body_bytes: int, now: float, ids: Ids) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.slot = slot
        self.board = board
        self.requests: deque[Request] = deque()
        self.out = b""  # of an answer, not sent yet
        self.closing = False  # after what is in ``out``
        self.ended = False  # the other side sends nothing more
        self.serving = False  # an answer is being made or streamed
        self.is_streaming = False  # the head of the answer is out, and pieces follow
        self.streams_events = False
        self.is_reading = False  # a part of a request is here
        self.begun = 0.0  # when that began
        self.idle_since = now
        self.waits_since = 0.0  # readable, and not read yet because run() is busy
        self.lingers_until = 0.0
        self.events = 1
        self._limit = body_bytes
        self._ids = ids
        self._seen = now  # when what was read last had come
        self._parser = httptools.HttpRequestParser(self)
        self._clear()

    def _clear(self) -> None:
        self._target = b""
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._body_size = 0
        self._fed = 0
        self._in_body = False
        self._expects = False
        self._refused: tuple[int, str] | None = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        self.is_reading = True

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._headers.append((name, value))
        if name == b"content-length":
            if value.isdigit() and int(value) > self._limit:
                self._refused = self._too_large()
        elif name == b"expect":
            self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        self._in_body = True

    def on_body(self, part: bytes) -> None:
        if self._refused is None:
            self._body.append(part)
            self._body_size += len(part)
            if self._body_size > self._limit:
                self._refused = self._too_large()

    def on_message_complete(self) -> None:
        self._in_body = False
        self.is_reading = False
        self._finish(self._refused, self._parser.should_keep_alive())

    # For the one who holds it.

    def receive(self, now: float) -> None:
        """Read once. Whole requests stand in ``requests`` then, the last one perhaps with a ``fault``."""
        try:
            data = self.sock.recv(_BODY_READ if self._in_body else _FIRST_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            if self.is_reading:
                self._give_up(400, "The request ended before its body was complete.")
            return
        if self.lingers_until:
            return
        self._seen = now
        if not self.is_reading:
            self.is_reading = True
            self.begun = now
            self.board.set(self.slot, boards.READING)
        self._feed(data)

    def give_up_reading(self, status: int, sentence: str) -> None:
        """Make what was read so far a request that is answered with ``status``."""
        self._give_up(status, sentence)

    def send(self, data: bytes) -> None:
        """Send what the system takes now and keep the rest in ``out``."""
        if self.out:
            self.out += data
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._break()
            return
        self.out = data[sent:] if sent < len(data) else b""

    def flush(self) -> None:
        try:
            sent = self.sock.send(self.out)
        except BlockingIOError:
            return
        except OSError:
            self._break()
            return
        self.out = self.out[sent:]

    def wait_until_writable(self, seconds: float) -> None:
        waiting = select.poll()
        waiting.register(self.fd, select.POLLOUT)
        waiting.poll(seconds * 1000)

    def peek(self) -> bytes:
        """The first bytes that were not read yet, left where they are."""
        try:
            return self.sock.recv(256, socket.MSG_PEEK)
        except OSError:
            return b""

    def linger(self, until: float) -> None:
        """Tell the other side that nothing more comes, and throw away what it still sends: closed at once, it would
        never see the answer."""
        self.lingers_until = until
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.ended = True

    def close(self) -> None:
        """End it for all who hold the socket."""
        with contextlib.suppress(OSError):  # it is ended already
            self.sock.shutdown(socket.SHUT_RDWR)
        self.leave()

    def leave(self) -> None:
        """Hold it no more; whoever else holds the socket can go on."""
        self.sock.close()

    def _break(self) -> None:
        self.ended = self.closing = True
        self.out = b""

    def _feed(self, data: bytes) -> None:
        if not self._in_body:
            self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # we stay with HTTP/1.1, as every server may
        except httptools.HttpParserError as error:
            if self._refused is None and not self.closing:
                self._give_up(400, f"This is not HTTP: {error}.")
            return
        if not self.is_reading:
            return
        if self._in_body:
            if self._refused is not None:
                self._give_up(*self._refused)
            elif self._expects:
                self._expects = False
                self.send(_CONTINUE)
        elif self._fed > HEAD_BYTES:
            self._give_up(431, f"The headers are larger than {HEAD_BYTES} bytes.")

    def _too_large(self) -> tuple[int, str]:
        return 413, f"The body is larger than {self._limit} bytes."

    def _give_up(self, status: int, sentence: str) -> None:
        self.is_reading = False
        self._finish((status, sentence), False)
        self.closing = True

    def _finish(self, fault: tuple[int, str] | None, keep_alive: bool) -> None:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        method = self._parser.get_method()
        name = method.decode("latin-1") if method else ""
        request = Request(name, self._target, self._headers, body, keep_alive, self._ids)
        request.arrived = self.begun
        request.complete = self._seen
        request.fault = fault or request.fault
        self.requests.append(request)
        self._clear()
