"""Copies of an embedded store, made while it is in use: one whole SQLite file each.

Before a migration one is made in ``backups/`` beside the store, named by its time (UTC) and schema; a few are kept.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from zaffre.core.errors import AzureMLException, InternalError, StorageFull

KEPT = 3  # that many copies from before a migration stay

_log = logging.getLogger("zaffre.server.store")


def before_migration(path: Path, revision: str) -> Path:
    """Copy the store to ``backups/<name>-<time>-<revision>.db``; raises ``StorageFull`` or ``InternalError``."""
    folder = path.parent / "backups"
    target = folder / f"{path.stem}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{revision}.db"
    why = f"The copy of {path} that is kept before a change of its schema cannot be made in {folder}"
    _log.info("Copying %s to %s before its schema is changed", path, target)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        copy(path, target)
    except (OSError, sqlite3.Error) as error:
        raise _refusal(error, f"{why} ({error}), so nothing was changed.", path) from error
    for old in sorted(folder.glob(f"{path.stem}-*Z-*.db"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def copy(path: Path, target: Path) -> None:
    """Write the state that ``path`` has now to ``target``, whole or not at all; on disk when this returns."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(part)) as copied,
        ):
            copied.execute("PRAGMA synchronous=OFF")
            source.backup(copied)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o600)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _refusal(error: OSError | sqlite3.Error, sentence: str, path: Path) -> AzureMLException:
    full = error.errno == errno.ENOSPC if isinstance(error, OSError) else "full" in str(error)
    if full:
        size = path.stat().st_size / 2**20
        return StorageFull(f"{sentence} Free {size:,.0f} MiB there and start the server again.", inner_exception=error)
    return InternalError(f"{sentence} Check that folder and its disk, and start again.", inner_exception=error)
