"""Copies of requests to another version, after their answers were sent: where do the answers differ?

Nothing here makes a caller wait or fail: a copy goes out when the caller has its answer, a few at a time; what is more
than the queue holds is dropped and counted.
"""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zaffre.routing.caller import Request
from zaffre.routing.table import SHADOW, Table

_QUEUED: Final = 100
_QUEUED_BYTES: Final = 16 * 1024 * 1024
_AT_ONCE: Final = 2
_BODY_BYTES: Final = 64 * 1024  # of an answer: longer ones are compared by their first part
_EXAMPLES: Final = 20
_SHOWN_BYTES: Final = 2048  # of a body in an example
_WRITE_SECONDS: Final = 1.0
_REFUSED: Final = (401, 408, 413, 431)  # says nothing of a version


@dataclass(frozen=True, slots=True)
class Answered:
    """What the caller got."""

    request: Request
    version: str
    status: int
    body: bytes
    milliseconds: float


class Mirror:
    """``wants`` decides, ``answered`` queues, ``compare`` hears the other version's answer; ``tick`` now and then."""

    def __init__(self, folder: Path, table: Table, send: Callable[[str, Request], bool]) -> None:
        self.body_limit = _BODY_BYTES
        self._file = folder / SHADOW
        self._send = send
        self._queue: deque[Answered] = deque()
        self._queued_bytes = 0
        self._sent: dict[int, Answered] = {}  # by the identity of the copy
        self._version = ""
        self._percent = 0
        self._written = 0.0
        self._changed = False
        self._report: dict[str, Any] = {}
        self._begin("")
        self.follow(table)
        self._go_on_from_before()

    def follow(self, table: Table) -> None:
        """Go by a new table; the report begins anew with another version."""
        self._percent = table.mirror_percent if table.mirror else 0
        if table.mirror != self._version:
            self._begin(table.mirror)

    def wants(self, version: str) -> bool:
        """Whether a copy of a request that ``version`` answers goes out."""
        if not self._percent or version == self._version:
            return False
        return self._percent >= 100 or random.random() * 100 < self._percent  # noqa: S311  # no secret

    def answered(self, request: Request, version: str, status: int, body: bytes, milliseconds: float) -> None:
        """The caller has its answer: a copy may go out."""
        if status in _REFUSED or not self._version:
            return
        if len(self._queue) >= _QUEUED or self._queued_bytes + len(request.body) > _QUEUED_BYTES:
            self._count("dropped")
            return
        self._queue.append(Answered(request, version, status, body[:_BODY_BYTES], milliseconds))
        self._queued_bytes += len(request.body)
        self._go_on()

    def compare(self, request: Request, status: int, body: bytes, milliseconds: float) -> None:
        """The other version's answer to a copy."""
        held = self._sent.pop(id(request), None)
        if held is not None:
            body = body[:_BODY_BYTES]
            if held.status == status and is_same(held.body, body):
                self._count("same")
            else:
                self._count("different")
                self._report["examples"].insert(0, self._example(held, status, body, milliseconds))
                del self._report["examples"][_EXAMPLES:]
        self._go_on()

    def failed(self, request: Request) -> None:
        """The other version did not answer a copy."""
        if self._sent.pop(id(request), None) is not None:
            self._count("failed")
        self._go_on()

    def tick(self, now: float) -> None:
        self._go_on()
        if self._changed and now - self._written > _WRITE_SECONDS:
            self._written = now
            self.write()

    def write(self) -> None:
        """Let the supervisor read the report."""
        if self._changed:
            partial = self._file.with_suffix(".partial")
            partial.write_text(json.dumps(self._report), "utf-8")
            partial.replace(self._file)
            self._changed = False

    def _go_on(self) -> None:
        while self._queue and len(self._sent) < _AT_ONCE:
            held = self._queue.popleft()
            self._queued_bytes -= len(held.request.body)
            self._sent[id(held.request)] = held
            if not self._send(self._version, held.request):
                self.failed(held.request)

    def _go_on_from_before(self) -> None:
        """Where a router ended and this one takes its place, its count goes on."""
        try:
            held = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return
        if held["version"] == self._version:
            self._report = held

    def _begin(self, version: str) -> None:
        self._version = version
        self._queue.clear()
        self._queued_bytes = 0
        self._report = {
            "version": version, "since": int(time.time() * 1000), "same": 0, "different": 0, "failed": 0, "dropped": 0,
            "examples": [],
        }  # fmt: skip
        self._changed = True

    def _count(self, what: str) -> None:
        self._report[what] += 1
        self._changed = True

    def _example(self, held: Answered, status: int, body: bytes, milliseconds: float) -> dict[str, Any]:
        return {
            "at": int(time.time() * 1000),
            "request_id": held.request.request_id.decode("latin-1"),
            "request": _shown(held.request.body),
            "answered": _answer(held.version, held.status, held.body, held.milliseconds),
            "mirrored": _answer(self._version, status, body, milliseconds),
        }


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two bodies say the same: the same bytes, or the same JSON."""
    if one == other:
        return True
    try:
        same: bool = json.loads(one) == json.loads(other)
    except (ValueError, RecursionError):
        return False
    return same


def _answer(version: str, status: int, body: bytes, milliseconds: float) -> dict[str, Any]:
    return {"version": version, "status": status, "body": _shown(body), "milliseconds": round(milliseconds, 3)}


def _shown(body: bytes) -> str:
    text = body[:_SHOWN_BYTES].decode("utf-8", "replace")
    return f"{text}…" if len(body) > _SHOWN_BYTES else text
