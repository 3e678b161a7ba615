"""What the router answers itself, counted as a serving process counts, for its supervisor to tell.

What a version answers is counted there. Here is what no version has seen: that none was ready, or that one was gone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from zaffre.serving import metrics, usage
from zaffre.serving.board import Board

_SCORE: Final = b"/score"
_RECORD_SECONDS: Final = 0.5


class Counters:
    """``file``: where the supervisor reads (``core.service_counters``); None: nowhere."""

    def __init__(self, file: Path | None) -> None:
        self._board = _board(file)
        self._row = self._board.row(0)
        self._recorded = 0.0

    def answered(self, target: bytes, status: int, seconds: float) -> None:
        """Count an answer, where it is one to a request for ``run()``."""
        if target.partition(b"?")[0] == _SCORE:
            metrics.observe(self._row, status, max(seconds, 0.0), None, failed=False)

    def tick(self, now: float) -> None:
        """Now and then: what the process itself takes of the machine."""
        if now - self._recorded > _RECORD_SECONDS:
            self._recorded = now
            usage.record(self._board, ())


def _board(file: Path | None) -> Board:
    try:
        return Board(1, file)
    except OSError:  # a full disk must not keep the endpoint from answering
        return Board(1)
