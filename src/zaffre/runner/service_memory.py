"""What a supervisor must know of its service when it begins anew: which revision served well, and which did not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zaffre.core.codec import decode, encode
from zaffre.core.entities import RunError, Service
from zaffre.core.errors import AzureMLException


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """A revision that was taken back, why, and what serves in its place."""

    revision: int
    error: RunError
    serving: Service


class Memory:
    """A file in the service's folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "rolled-back.json"

    def keep(self, rolled_back: RolledBack) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_bytes(encode(rolled_back))
        partial.replace(self._file)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def of(self, service: Service) -> RolledBack | None:
        """Where the wanted revision of ``service`` is one that was taken back: the word on it."""
        try:
            held = decode(self._file.read_bytes(), RolledBack, what=str(self._file))
        except (FileNotFoundError, AzureMLException):
            return None
        is_same = held.serving.created_at == service.created_at and held.revision == service.revision
        return held if is_same else None
