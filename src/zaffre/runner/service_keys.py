"""The keys of a service on the side of its supervisor: digests, in a file for each serving process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from zaffre.core.service_keys import write_digests

FILE: Final = "keys.json"  # in the working directory of a serving process


class KeysFiles:
    """``keep`` gives a serving process its file, ``set`` changes all of them. Until the server has said, none opens."""

    def __init__(self) -> None:
        self._digests: Sequence[str] | None = ()
        self._folders: set[Path] = set()
        self._lock = threading.Lock()

    def set(self, digests: Sequence[str] | None) -> None:
        """None: everyone may call."""
        with self._lock:
            if digests == self._digests:
                return
            self._digests = digests
            self._folders = {one for one in self._folders if one.exists()}
            for folder in self._folders:
                write_digests(folder / FILE, digests)

    def keep(self, folder: Path) -> None:
        with self._lock:
            self._folders.add(folder)
            write_digests(folder / FILE, self._digests)
