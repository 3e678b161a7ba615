"""One builder at a time: a lock file that dies with its holder, and says to those who wait what it is held for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zaffre.core.errors import ActivityCanceledException
from zaffre.core.filelock import try_lock
from zaffre.environments.solver import Cancel, Log

WAITING: Final = "Waiting for another process that is busy with"  # how the log line of those who wait begins


@contextmanager
def exclusive(path: Path, purpose: str, log: Log, cancel: Cancel | None = None) -> Iterator[bool]:
    """Hold the lock file ``path``; yields whether it had to wait, after telling ``log`` once for what.

    Raises ``ActivityCanceledException`` when ``cancel`` is set while waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        waited = False
        while not try_lock(file):
            if not waited:
                waited = True
                holder = path.with_suffix(".holder")
                said = holder.read_text("utf-8").strip() if holder.exists() else ""
                log(f"{WAITING}: {said or purpose}.")
            if cancel is not None and cancel.is_set():
                raise ActivityCanceledException(f"Canceled while waiting for another process ({purpose}).")
            time.sleep(0.05)
        # Beside the lock, because a locked file cannot be read on every platform.
        path.with_suffix(".holder").write_text(purpose + "\n", "utf-8")
        yield waited
