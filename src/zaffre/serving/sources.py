"""Whether the Python files of a folder changed since they were looked at last."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_SKIPPED: Final = {"__pycache__", "node_modules", "site-packages"}


class Sources:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._look()

    def changed(self) -> bool:
        """True once for each change: a file written, added or removed."""
        now = self._look()
        before, self._seen = self._seen, now
        return now != before

    def _look(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for folder, folders, files in os.walk(self._folder):
            folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith(".")]
            for name in files:
                if name.endswith(".py"):
                    path = os.path.join(folder, name)
                    try:
                        known = os.stat(path)
                    except FileNotFoundError:
                        continue
                    # A file that is seen between its emptying and its writing may have the same time after it.
                    found[path] = (known.st_mtime_ns, known.st_size)
        return found
