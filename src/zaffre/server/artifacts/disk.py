"""Where the operating system's errors become ours, and what makes a file durable."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from zaffre.core.errors import InvalidName, NotFound, StateConflict, StorageFull

# EFBIG is the same trouble under a process limit: the file cannot grow any more.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def foreign(path: str) -> Iterator[None]:
    """Turn the ``OSError`` of an operation on ``path`` (as the user named it) into the error that says what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no artifact {path!r}.", path=path) from error
    except (NotADirectoryError, FileExistsError) as error:
        raise StateConflict(
            f"{path!r} cannot be used: a part of it is a file, not a folder. Choose another path.", path=path
        ) from error
    except IsADirectoryError as error:
        raise StateConflict(f"{path!r} is a folder, not a file. Name a file in it.", path=path) from error
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                f"The server's disk is full: {path!r} was not stored. Free space where the server keeps its "
                "artifacts, then try again.",
                path=path,
            ) from error
        if error.errno == errno.ENAMETOOLONG:
            raise InvalidName(
                f"{path!r} is not an artifact path: a part of it is longer than the server's disk allows (255 bytes).",
                path=path,
            ) from error
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; a file that was synced has no durable name before that."""
    if os.name == "nt":  # Windows opens no folders and needs none of this
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(folder: Path) -> None:
    """Make a folder and those above it durable, down from the first that is there."""
    made = []
    current = folder
    while not current.is_dir():
        made.append(current)
        current = current.parent
    folder.mkdir(parents=True, exist_ok=True)
    for one in made:
        sync_folder(one.parent)
