"""Room at the end of SQLite's write-ahead log, so that commits overwrite instead of appending.

A commit that makes the log longer has the file system write its own journal too, and takes about twice as long as one
into bytes that are there. SQLite reads a log up to the first frame that does not carry the log's salt, so that zeros
behind the last one are the same to it as the frames that an earlier round left there (sqlite.org/fileformat.html, 4.1).
"""

from __future__ import annotations

import os
from pathlib import Path

LEAST = 1 << 20
MOST = 8 << 20  # added at once
_BLOCK = bytes(1 << 18)


class WalRoom:
    """The room in the log of the database file ``path``. To be used by the holder of its write lock only: nobody else
    may append meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}-wal")
        self._size = 0  # as this left it

    def ensure(self) -> None:
        """Make the log longer if SQLite did so since the last time: as long again, within limits."""
        try:
            size = os.stat(self._log).st_size
            if size != self._size:
                self._size = size if size <= self._size else self._extended(size)
        except OSError:
            return  # a full disk is SQLite's to tell, when there is no room for what counts

    def _extended(self, size: int) -> int:
        wanted = size + min(max(size, LEAST), MOST)
        log = os.open(self._log, os.O_WRONLY)
        try:
            at = size
            while at < wanted:
                at += os.pwrite(log, _BLOCK[: wanted - at], at)
        except OSError:
            os.ftruncate(log, size)  # what was left of the disk belongs to the frames
            raise
        finally:
            os.close(log)
        return wanted
