"""The disk that environments take, and giving it back."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from zaffre.core.errors import ActivityCanceledException
from zaffre.environments import bytecode, history, image_context
from zaffre.environments.cache import MARKER, Cache, read_json
from zaffre.environments.exclusive import exclusive

Kind = Literal["environment", "image", "packages", "leftover"]

_OWN: Final = ("index", "locks", "names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something on disk. ``freed`` is less than ``size`` where files are shared with the caches of packages."""

    key: str  # of an environment; "packages" for the cache of conda packages; else the name of a leftover
    what: str  # the name it was built for, or what it is
    size: int  # bytes
    freed: int
    used_at: float | None  # seconds since the epoch
    in_use: bool = False
    kind: Kind = "environment"
    layers: int = 0  # of an image
    shared_layers: int = 0  # those of them that another image has too


def items(home: Path) -> list[Item]:
    """What is there, the largest first."""
    found = list(_items(home))
    return sorted(found, key=lambda item: -item.size)


def prune(
    home: Path,
    *,
    unused_for: float,
    log: Callable[[str], None],
    packages: bool = False,
    keys: Collection[str] | None = None,
) -> list[Item]:
    """Remove environments that were not used for so many seconds and what interrupted builds left; with ``packages``
    the cache of conda packages too; with ``keys`` only those. What a running program uses stays. Returns what went.

    Each can be built again: its lock is kept.
    """
    removed = []
    for item in candidates(items(home), unused_for=unused_for, packages=packages):
        if keys is not None and item.key not in keys:
            continue
        if item.key == "packages":
            shutil.rmtree(home / "packages", ignore_errors=True)
            removed.append(item)
            continue
        cache = Cache(home)
        name = item.key.rpartition("-")[2] if item.used_at is None else item.key
        with exclusive(cache.lock_file(name), f"removing environment {item.key}", log):
            now = _marker_time(cache, item.key)
            if item.used_at is not None and now is not None and now > item.used_at:
                continue  # somebody has used it meanwhile
            cache.discard(item.key)
        removed.append(item)
    bytecode.prune(home)
    image_context.prune(home, unused_for=unused_for)
    return removed


def candidates(found: list[Item], *, unused_for: float, packages: bool) -> list[Item]:
    """Those of ``found`` that ``prune`` removes."""
    before = time.time() - unused_for
    return [
        item
        for item in found
        if (
            packages if item.key == "packages" else not item.in_use and (item.used_at is None or item.used_at <= before)
        )
    ]


def _items(home: Path) -> Iterator[Item]:
    cache = Cache(home)
    names = history.names(home)
    commands = _commands()
    for folder in sorted(cache.root.iterdir()) if cache.root.is_dir() else ():
        if folder.name in _OWN or not folder.is_dir():
            continue
        used_at = _marker_time(cache, folder.name)
        if used_at is None and _is_being_built(cache, folder.name):
            continue
        size, freed = _sizes(folder)
        built_for = names.get(folder.name) or [str((read_json(folder / MARKER) or {}).get("name") or "")]
        what = ", ".join(built_for) if used_at is not None else "left by an interrupted build"
        is_used = any(str(folder) in command for command in commands)
        kind: Kind = "environment" if used_at is not None else "leftover"
        yield Item(key=folder.name, what=what, size=size, freed=freed, used_at=used_at, in_use=is_used, kind=kind)
    if (home / "packages").is_dir():
        size, freed = _sizes(home / "packages")
        yield Item(
            key="packages", what="conda packages, fetched", size=size, freed=freed, used_at=None, kind="packages"
        )


def _is_being_built(cache: Cache, name: str) -> bool:
    """Whether somebody holds the lock of a prefix that is not finished."""
    at_once = threading.Event()
    at_once.set()
    try:
        with exclusive(cache.lock_file(name), "looking at an unfinished environment", lambda _: None, at_once):
            return False
    except ActivityCanceledException:
        return True


def _marker_time(cache: Cache, key: str) -> float | None:
    """When a finished environment was used last; None for one that is not finished."""
    try:
        return (cache.prefix(key) / MARKER).stat().st_mtime
    except OSError:
        return None


def _sizes(folder: Path) -> tuple[int, int]:
    total = freed = 0
    for root, _, files in os.walk(folder):
        for name in files:
            stat = os.lstat(os.path.join(root, name))
            total += stat.st_size
            freed += stat.st_size if stat.st_nlink == 1 else 0
    return total, freed


def _commands() -> list[str]:
    """The command lines and environments of running programs, as far as this account may read them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found.append((folder / name).read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue
    return found
