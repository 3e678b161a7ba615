"""A connection to a version: one request at a time, and its answer piece by piece as it comes."""

from __future__ import annotations

import re
import socket
from typing import Final

import httptools

from zaffre.routing.caller import VERSION, Caller, Request
from zaffre.routing.table import Replica

_READ: Final = 256 * 1024
_HEAD_BYTES: Final = 256 * 1024
_CONNECTION: Final = re.compile(rb"\r\n(?:connection|keep-alive):[^\r\n]*", re.IGNORECASE)


class Link:
    """``send`` a request, then ``receive`` when it is readable: what is to be passed on stands in ``ready``."""

    __slots__ = (
        "_head",
        "_parser",
        "body",
        "body_limit",
        "broken",
        "caller",
        "connected",
        "done",
        "fd",
        "kept",
        "out",
        "ready",
        "refused",
        "replica",
        "request",
        "reused",
        "sock",
        "started",
        "status",
        "tries",
        "waits_for_reset",
        "watched",
    )

    def __init__(self, replica: Replica) -> None:
        """A connection that is being made; ``OSError`` where nobody listens."""
        self.replica = replica
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self.sock.fileno()
        self.reused = False
        self.watched = 0
        self._clear()
        self.caller: Caller | None = None
        self.request: Request | None = None
        try:
            self.sock.connect(("127.0.0.1", replica.port))
            self.connected = True
        except BlockingIOError:
            self.connected = False
        except OSError:
            self.sock.close()
            raise

    def _clear(self) -> None:
        self.out = b""
        self.ready = b""
        self.status = 0
        self.body = b""  # of an answer that is compared
        self.body_limit = -1  # of ``body``; below 0: it is not kept
        self.done = False  # the answer is whole
        self.broken = False  # and it never will be
        self.refused = False  # it was not read: the request may be sent again
        self.started = 0.0
        self.kept = True  # the other side takes another request afterwards
        self.waits_for_reset = 0.0
        self.tries = 1
        self._head: bytearray | None = bytearray()
        self._parser = httptools.HttpResponseParser(self)

    # What the parser calls.

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        if len(self.body) <= self.body_limit:
            self.body += part

    def on_message_complete(self) -> None:
        if self.status >= 200:
            self.done = True
            self.kept = self._parser.should_keep_alive()

    # For the router.

    def begin(self, request: Request, caller: Caller | None, now: float) -> None:
        """Send a request, as far as the system takes it now."""
        self._clear()
        self.request = request
        self.caller = caller
        self.started = now
        self.out = request.sent_to(self.replica.prefix)
        if self.connected:
            self.flush()

    def flush(self) -> None:
        """Send more of it. The first time that this is possible, the connection is made, or ``broken``."""
        if not self.connected:
            if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.broken = self.refused = True
                return
            self.connected = True
        try:
            self.out = self.out[self.sock.send(self.out) :]
        except BlockingIOError:
            return
        except OSError:
            self.out = b""  # an answer may have come already: what receive() finds decides
            self.refused = True

    def receive(self) -> None:
        """Read once. ``ready`` is then what the caller gets of it."""
        try:
            data = self.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            self.broken = self.refused = True
            return
        if not data:
            self.broken = True
            self.see_reset()
            return
        if self.request is None:
            self.broken = True  # it speaks without being asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.broken = True
            return
        if self._head is None:
            self.ready += data
            return
        self._head += data
        if not self.status:
            self.broken = len(self._head) > _HEAD_BYTES
            return
        head, _, rest = bytes(self._head).partition(b"\r\n\r\n")
        self._head = None
        if self.request.method == b"HEAD":
            self.done, self.kept = True, False
        closing = b"" if self.request.keep_alive else b"\r\nconnection: close"
        head = _CONNECTION.sub(b"", head)
        self.ready = b"%b\r\n%b: %b%b\r\n\r\n%b" % (head, VERSION, self.replica.name.encode(), closing, rest)

    @property
    def is_answering(self) -> bool:
        """Whether the caller has a part of the answer."""
        return self._head is None

    def see_reset(self) -> None:
        """Look whether the other side's system refused what was sent: its process left it unread, or had closed before
        it came. Then the request was not carried out. Where all was read before the end, there is no such refusal."""
        if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.refused = True
