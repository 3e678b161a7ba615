"""Realised environments on disk: found by what they hold, and by the spec that once led to them.

Below ``home/environments``: ``<key>/`` is a prefix, and its marker file is written last: one without it is not finished
and never used. ``index/<spec>.json`` leads from a spec's fingerprint to a key; ``locks/`` keeps two builders apart.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zaffre.core.codec import convert, decode, encode, to_plain
from zaffre.core.entities import EnvironmentLock
from zaffre.core.errors import AzureMLException, InvalidValue
from zaffre.environments import manifest

MARKER: Final = "zaffre-environment.json"
LOCK: Final = "zaffre-lock.json"


@dataclass(frozen=True, slots=True)
class Built:
    """A realised environment."""

    key: str
    python: Path
    built_at: float  # seconds since the epoch
    lock: EnvironmentLock
    activation: dict[str, str]  # what ``activation.capture`` found


@dataclass(frozen=True, slots=True)
class Resolved:
    """A lock, and what belongs to building it on this machine."""

    lock: EnvironmentLock
    base: str | None  # the machine's interpreter that the prefix is made from; None: Python is a conda package
    notices: list[str]  # sentences for the log at every use


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
        resolved = self.resolved(fingerprint)
        built = self.find(resolved.lock.key) if resolved else None
        return (built, tuple(resolved.notices)) if resolved and built else None

    def remember(self, fingerprint: str, resolved: Resolved) -> None:
        """Keep the lock, so that the prefix can be built from it again when it is gone."""
        write_json(self._index(fingerprint), {"key": resolved.lock.key, "resolved": to_plain(resolved)})

    def resolved(self, fingerprint: str) -> Resolved | None:
        """What the spec was resolved to before, whether or not it is still built."""
        entry = read_json(self._index(fingerprint)) or {}
        try:
            return convert(entry.get("resolved"), Resolved, what="the index")
        except InvalidValue:
            return None

    def find(self, key: str) -> Built | None:
        """The environment of that key, if it is complete and its base interpreter is still on the machine."""
        prefix = self.prefix(key)
        marker = read_json(prefix / MARKER)
        python = python_of(prefix)
        if marker is None or not python.exists():
            return None
        try:
            lock = decode((prefix / LOCK).read_bytes(), EnvironmentLock, what=f"the lock {prefix / LOCK}")
        except (OSError, AzureMLException):
            return None
        return Built(key, python, float(marker["built_at"]), lock, dict(marker.get("activation") or {}))

    def begin(self, key: str) -> Path:
        """The place of a prefix, empty: what an interrupted or damaged build left is gone. Hold the key's lock."""
        self.discard(key)
        return self.prefix(key)

    def discard(self, key: str) -> None:
        """Remove a prefix. Hold the key's lock."""
        prefix = self.prefix(key)
        if prefix.exists():
            # First of all the marker: a prefix that is only half removed must not be taken for a finished one.
            (prefix / MARKER).unlink(missing_ok=True)
            discarded = self.root / f"discarded-{key}-{os.getpid()}"
            os.replace(prefix, discarded)
            shutil.rmtree(discarded, ignore_errors=True)

    def accept(self, key: str, lock: EnvironmentLock, facts: dict[str, Any]) -> Built:
        """Call a prefix finished; from this moment on it is used."""
        prefix = self.prefix(key)
        (prefix / LOCK).write_bytes(encode(lock))
        write_json(prefix / MARKER, {"key": key, "built_at": time.time(), **facts})
        built = self.find(key)
        if built is None:
            raise FileNotFoundError(f"the environment {prefix} has no interpreter")
        return built

    def touch(self, key: str) -> None:
        """Note that the environment is used now."""
        with suppress(OSError):
            os.utime(self.prefix(key) / MARKER)

    def facts(self, key: str) -> dict[str, Any]:
        """What was noted when the environment was built: name, python_version, seconds, ..."""
        return read_json(self.prefix(key) / MARKER) or {}

    def damage(self, key: str) -> dict[str, str]:
        """file -> package of what is not as it was built."""
        return manifest.damage(self.prefix(key))

    def _index(self, fingerprint: str) -> Path:
        return self.root / "index" / f"{fingerprint}.json"


def python_of(prefix: Path) -> Path:
    if sys.platform == "win32":
        is_conda = (prefix / "conda-meta").is_dir()
        return prefix / "python.exe" if is_conda else prefix / "Scripts" / "python.exe"
    return prefix / "bin" / "python"


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a file that is whole at every moment."""
    partial = path.with_suffix(f".{os.getpid()}.part")
    partial.write_text(json.dumps(value), "utf-8")
    os.replace(partial, path)
