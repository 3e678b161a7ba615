"""What was built under each name on this machine, and why: kept beside the environments, for those who ask."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from zaffre.core.codec import convert
from zaffre.core.errors import InvalidValue
from zaffre.environments.cache import read_json, write_json
from zaffre.environments.lock import differences

_KEPT: Final = 20  # entries of one name
_SAID: Final = 8  # differences that a sentence lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resolution of a name."""

    at: float  # seconds since the epoch
    key: str
    asked: list[str]  # the specification's lines, with the settings
    packages: dict[str, str]  # name -> exact version
    python: str
    built: bool  # False: what it resolved to was there already, built for another name or specification
    seconds: dict[str, float] = field(default_factory=dict)  # resolve, fetch, link, install, compile, ...
    reasons: list[str] = field(default_factory=list)  # why it was resolved anew


class History:
    """The entries of one environment's name, the newest last: of its folders, or of its "images"."""

    def __init__(self, home: Path, name: str, kind: str = "environments") -> None:
        # A hash: a name may be anything, also a path.
        digest = hashlib.sha256(name.encode()).hexdigest()[:20]
        self._file = home / kind / "names" / f"{digest}.json"
        self._name = name

    def entries(self) -> list[Entry]:
        document = read_json(self._file) or {}
        try:
            return convert(document.get("entries") or [], list[Entry], what="the history")
        except InvalidValue:
            return []

    def add(self, entry: Entry) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        kept = [*self.entries(), entry][-_KEPT:]
        write_json(self._file, {"name": self._name, "entries": [asdict(one) for one in kept]})


def names(home: Path) -> dict[str, list[str]]:
    """key -> the names that resolved to it, of everything that was built on this machine."""
    found: dict[str, list[str]] = {}
    for file in sorted((home / "environments" / "names").glob("*.json")):
        document = read_json(file) or {}
        name = str(document.get("name"))
        for entry in History(home, name).entries():
            known = found.setdefault(entry.key, [])
            if name not in known:
                known.append(name)
    return found


def changes(before: Entry, asked: Sequence[str], packages: dict[str, str] | None = None) -> list[str]:
    """Sentences on what differs from an earlier entry: what is asked, then what it resolved to."""
    sentences = []
    added = [line for line in asked if line not in before.asked]
    removed = [line for line in before.asked if line not in asked]
    if added or removed:
        parts = [f"+ {line}" for line in added] + [f"- {line}" for line in removed]
        sentences.append(f"The specification differs from that of {_when(before.at)}: {_listed(parts)}.")
    if packages is not None:
        moved = differences(before.packages, packages)
        if moved:
            sentences.append(f"The packages differ from those of {_when(before.at)}: {_listed(moved)}.")
    return sentences


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - _SAID
    return ", ".join(parts[:_SAID]) + (f" and {more} more" if more > 0 else "")


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
