"""What was started and outlives its starter: a file for each, so that the next process of its kind knows it again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Generic, TypeVar

from zaffre.core import codec
from zaffre.core.errors import InvalidValue

S = TypeVar("S")  # a dataclass with a handle


class StartedFiles(Generic[S]):
    """The files of one folder, ``<name>.json``; a workload's log is ``<name>.log`` beside it."""

    def __init__(self, folder: Path, kind: type[S]) -> None:
        self._folder = folder
        self._kind: Any = kind

    def file(self, workspace: str, name: str) -> Path:
        # The id of a run may be longer than a file name can be.
        return self._folder / f"{hashlib.sha256(f'{workspace}/{name}'.encode()).hexdigest()[:32]}.json"

    def keep(self, file: Path, started: S) -> None:
        temporary = file.with_suffix(".new")
        temporary.write_bytes(codec.encode(started))
        temporary.replace(file)

    def known(self) -> list[S]:
        """All that were started and not yet forgotten."""
        found: list[S] = []
        for file in sorted(self._folder.glob("*.json")):
            try:
                found.append(codec.decode(file.read_bytes(), self._kind, what=str(file)))
            except (FileNotFoundError, InvalidValue):
                continue
        return found
