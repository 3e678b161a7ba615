"""One server per home: two would each believe that what the other writes never happens."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from zaffre.core.errors import InvalidValue, StateConflict

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class HomeLock:
    """Held from construction until ``release`` or the end of the process, however it ends."""

    def __init__(self, home: Path) -> None:
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = (home / "server.lock").open("a+")
        except OSError as error:
            raise InvalidValue(
                f"The server cannot keep its data in {home} ({error.strerror}). Give it a folder that it may write to, "
                "with --home or ZAFFRE_HOME."
            ) from error
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            raise StateConflict(
                f"Another Zaffre server uses {home} already. Use that one (its address is in {home / 'server.json'}), "
                "stop it, or give this one another folder with --home."
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()
