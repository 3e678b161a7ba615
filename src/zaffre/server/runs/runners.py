"""Runner processes that this server started: one ``python -m zaffre.runner run`` for each run on a compute target.

A runner outlives the server. Its handle is kept in a file, so that the next server knows it again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zaffre.core import contract
from zaffre.core.entities import Run
from zaffre.launch.backend import Backend
from zaffre.launch.started import StartedFiles
from zaffre.launch.workload import Handle, Status, Workload

Mint = Callable[[Run], str]  # makes a token for a run

_TAIL_BYTES = 4000


@dataclass(frozen=True, slots=True)
class Started:
    """A runner that was started, as its file keeps it."""

    workspace: str
    run_id: str
    handle: Handle


class Runners:
    """Starts and watches runners. The files are ``<home>/runners/<name>.json`` and ``.log``."""

    def __init__(self, backend: Backend, home: Path, mint: Mint) -> None:
        self._backend = backend
        self._home = home
        self._files = StartedFiles(home / "runners", Started)
        self._mint = mint

    def start(self, run: Run, url: str) -> None:
        """Start the runner of a run. Raises ``ExperimentExecutionException`` when that cannot be done."""
        env = {
            **contract.inheritable(os.environ),
            contract.ZAFFRE_HOME: str(self._home),
            contract.ZAFFRE_URL: url,
            contract.ZAFFRE_TOKEN: self._mint(run),
            contract.ZAFFRE_WORKSPACE: run.workspace,
            contract.RUN_ID: run.id,
        }
        file = self._files.file(run.workspace, run.id)
        file.parent.mkdir(parents=True, exist_ok=True)
        argv = (sys.executable, "-m", "zaffre.runner", "run")
        handle = self._backend.start(Workload(argv, self._home, env, file.with_suffix(".log"), run.id))
        self._files.keep(file, Started(run.workspace, run.id, handle))

    def known(self) -> list[Started]:
        """Every runner that was started and not yet forgotten."""
        return self._files.known()

    def has(self, workspace: str, run_id: str) -> bool:
        return self._files.file(workspace, run_id).exists()

    def poll(self, started: Started) -> Status:
        return self._backend.poll(started.handle)

    def forget(self, started: Started) -> str:
        """Forget a runner that ended, and answer the end of what it wrote."""
        file = self._files.file(started.workspace, started.run_id)
        log = file.with_suffix(".log")
        try:
            end = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        except FileNotFoundError:
            end = ""
        log.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        return end.strip()
