"""Realised environments on disk: found by what they hold, and by the spec that once led to them.

Below ``home/environments``: ``<key>/`` is a prefix with a marker file written last; ``index/<spec>.json`` leads from
a spec's fingerprint to a key; ``locks/`` keeps two builders apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MARKER: Final = "zaffre-environment.json"
LOCK: Final = "zaffre-lock.txt"


@dataclass(frozen=True, slots=True)
class Built:
    """A realised environment."""

    key: str
    python: Path
    built_at: float  # seconds since the epoch
    lock: str


class Cache:
    def __init__(self, home: Path) -> None:
        self.root = home / "environments"

    def prepare(self) -> None:
        (self.root / "index").mkdir(parents=True, exist_ok=True)
        (self.root / "locks").mkdir(exist_ok=True)

    def lock_file(self, name: str) -> Path:
        return self.root / "locks" / f"{name}.lock"

    def prefix(self, key: str) -> Path:
        return self.root / key

    def find_spec(self, fingerprint: str) -> tuple[Built, tuple[str, ...]] | None:
        """The environment that a spec led to before, and the notices of then; None where it must be built."""
        entry = _read_json(self._index(fingerprint))
        built = self.find(str(entry["key"])) if entry else None
        return (built, tuple(entry["notices"])) if entry and built else None

    def remember(self, fingerprint: str, key: str, notices: tuple[str, ...]) -> None:
        target = self._index(fingerprint)
        partial = target.with_suffix(f".{os.getpid()}.part")
        partial.write_text(json.dumps({"key": key, "notices": notices}), "utf-8")
        os.replace(partial, target)

    def find(self, key: str) -> Built | None:
        """The environment of that key, if it is complete and its base interpreter is still on the machine."""
        prefix = self.prefix(key)
        marker = _read_json(prefix / MARKER)
        python = python_of(prefix)
        if marker is None or not python.exists():
            return None
        return Built(key, python, float(marker["built_at"]), (prefix / LOCK).read_text("utf-8"))

    def workshop(self, key: str) -> Path:
        """A new folder to build in, on the same file system as the place the result goes to."""
        path = self.root / f"building-{key}-{os.getpid()}"
        shutil.rmtree(path, ignore_errors=True)
        return path

    def accept(self, workshop: Path, key: str, lock: str, facts: dict[str, Any]) -> Built:
        """Put a finished prefix in its place; it is complete from the first moment it is there."""
        (workshop / LOCK).write_text(lock, "utf-8")
        (workshop / MARKER).write_text(json.dumps({"key": key, "built_at": time.time(), **facts}), "utf-8")
        prefix = self.prefix(key)
        if prefix.exists():  # incomplete, or its interpreter has gone: find() did not take it
            discarded = self.root / f"discarded-{key}-{os.getpid()}"
            os.replace(prefix, discarded)
            shutil.rmtree(discarded, ignore_errors=True)
        os.replace(workshop, prefix)
        built = self.find(key)
        if built is None:
            raise FileNotFoundError(f"the environment {prefix} has no interpreter")
        return built

    def sweep(self, key: str) -> None:
        """Remove what an interrupted builder of this key left; call with the key's lock held."""
        for leftover in self.root.glob(f"building-{key}-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _index(self, fingerprint: str) -> Path:
        return self.root / "index" / f"{fingerprint}.json"


def key_of(lock: str, version: str) -> str:
    """The content key: what is installed, for which Python, on which platform."""
    return hashlib.sha256(f"{lock}\0{version}\0{platform()}".encode()).hexdigest()[:20]


def platform() -> str:
    machine = "" if sys.platform == "win32" else os.uname().machine
    return f"{sys.platform}-{machine}-{sys.implementation.name}"


def python_of(prefix: Path) -> Path:
    return prefix / "Scripts" / "python.exe" if sys.platform == "win32" else prefix / "bin" / "python"


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
