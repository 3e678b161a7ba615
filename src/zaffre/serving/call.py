"""One call of ``run()``: whom it is for, how long it may take, and how it is ended."""

from __future__ import annotations

from zaffre.serving.connection import Connection
from zaffre.serving.request import Request


class ScoringTimeout(BaseException):
    """Raised inside ``run()`` when its time is over. Not an Exception, so that user code does not swallow it."""


class Call:
    """One call of ``run()`` that is under way, for one request or the many of a batch."""

    __slots__ = ("answered", "deadline", "interrupted", "requests")

    def __init__(self, requests: list[tuple[Connection, Request]], deadline: float) -> None:
        self.requests = requests
        self.deadline = deadline
        self.answered = False  # as too late, while it goes on
        self.interrupted = False
