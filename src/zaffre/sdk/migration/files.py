"""Files from the source to a folder of the target: those that are there in the same size are not sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from zaffre.sdk.migration.source import Files

Put = Callable[[str, Path], None]


def copy_files(files: Files, there: Mapping[str, int], put: Put) -> dict[str, int]:
    """Bytes by path of what the source has, all of it sent by ``put(path, file)`` unless ``there`` has it."""
    copied: dict[str, int] = {}
    for file in files.listing():
        if file.size is not None and there.get(file.path) == file.size:
            copied[file.path] = file.size
            continue
        with files.fetched(file.path) as local:
            put(file.path, local)
            copied[file.path] = local.stat().st_size
    return copied
