"""What environments take on a machine's disk, folders and images together, and giving chosen ones back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from zaffre.core.errors import EngineError
from zaffre.docker.engine import Engine
from zaffre.environments import disk, image_disk
from zaffre.environments.disk import Item


def items(home: Path) -> list[Item]:
    """What is there, the largest first; images where an engine answers."""
    try:
        images = image_disk.items(Engine.connect(), home)
    except EngineError:
        images = []
    return sorted([*disk.items(home), *images], key=lambda item: -item.size)


def remove(home: Path, keys: Collection[str]) -> list[Item]:
    """Remove those of ``items`` that nothing uses now; returns what was removed. Each can be built again."""
    removed = disk.prune(home, unused_for=0, log=lambda _: None, packages="packages" in keys, keys=keys)
    try:
        engine = Engine.connect()
        chosen = [item for item in image_disk.items(engine, home) if item.key in keys and not item.in_use]
        return removed + [item for item in chosen if image_disk.remove(engine, home, item)]
    except EngineError:
        return removed  # no engine, no images
