"""The supervisors of services that the server keeps running: ``python -m zaffre.runner service``, one for each.

A supervisor outlives the server, and its handle is kept in a file, so that the next server knows it again. One that
ended is started anew: it reads its service's row and deploys what that asks for, on the port that it had.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from zaffre.core import contract
from zaffre.core.entities import Service
from zaffre.core.errors import AzureMLException
from zaffre.core.states import ServiceState
from zaffre.docker.engine import Engine
from zaffre.launch import processes
from zaffre.launch.backend import Backend
from zaffre.launch.docker import DockerBackend
from zaffre.launch.started import StartedFiles
from zaffre.launch.workload import Handle, Workload
from zaffre.server.deployments.targets import ENDPOINT, SERVED
from zaffre.server.store import services, tokens, workspaces
from zaffre.server.store.engine import Store

Mint = Callable[[Service], str]  # makes a token for a service's supervisor

_log = logging.getLogger("zaffre.server.supervisors")
_LONGEST_PAUSE: Final = 60.0  # between starts of a supervisor that keeps ending
_STABLE_SECONDS: Final = 60.0  # one that lived longer is started at once


@dataclass(frozen=True, slots=True)
class Started:
    """A supervisor that was started, as its file keeps it."""

    workspace: str
    name: str
    handle: Handle


class Supervisors:
    """``step`` is one round over every service. The files are ``<home>/supervisors/<name>.json`` and ``.log``."""

    def __init__(self, store: Store, backend: Backend, home: Path, mint: Mint) -> None:
        self._store = store
        self._backend = backend
        self._home = home
        self._files = StartedFiles(home / "supervisors", Started)
        self._mint = mint
        self._starts: dict[tuple[str, str], tuple[int, float]] = {}  # how many in a row, and when the last one was

    def step(self, url: str) -> None:
        found = self._store.read(lambda connection: services.of_types(connection, SERVED))
        wanted = {(one.workspace, one.name): one for one in found}
        for started in self._files.known():
            key = (started.workspace, started.name)
            if not self._backend.poll(started.handle).running:
                self._ended(started, for_good=key not in wanted or wanted[key].state is ServiceState.DELETED)
            else:
                wanted.pop(key, None)
        for service in wanted.values():
            if service.state is not ServiceState.DELETED and self._is_due(service):
                self._start(service, url)

    def _is_due(self, service: Service) -> bool:
        """Whether to start a supervisor now: one that keeps ending is left alone for longer and longer."""
        key, now = (service.workspace, service.name), time.monotonic()
        starts, last = self._starts.get(key, (0, now - _STABLE_SECONDS))
        if now - last >= _STABLE_SECONDS:
            starts = 0
        elif now - last < min(2.0 ** (starts - 1), _LONGEST_PAUSE):
            return False
        self._starts[key] = (starts + 1, now)
        return True

    def _start(self, service: Service, url: str) -> None:
        env = {
            **contract.inheritable(os.environ),
            contract.ZAFFRE_HOME: str(self._home),
            contract.ZAFFRE_URL: url,
            contract.ZAFFRE_TOKEN: self._mint(service),
            contract.ZAFFRE_WORKSPACE: service.workspace,
            contract.ZAFFRE_SERVICE: service.name,
            processes.MARK: f"service-{service.name}",
        }
        file = self._files.file(service.workspace, service.name)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        argv = (sys.executable, "-m", "zaffre.runner", "endpoint" if service.compute_type == ENDPOINT else "service")
        what = f"the supervisor of {service.name}"
        handle = self._backend.start(Workload(argv, self._home, env, file.with_suffix(".log"), what))
        self._files.keep(file, Started(service.workspace, service.name, handle))
        _log.info("Started %s in the workspace %s", what, service.workspace)

    def _ended(self, started: Started, *, for_good: bool) -> None:
        """A supervisor is not there any more: with its service, or to be started again."""
        file = self._files.file(started.workspace, started.name)
        file.unlink(missing_ok=True)
        try:
            for name in DockerBackend(Engine.connect()).remove_orphans():
                _log.info("Removed the container of %s, whose supervisor ended", name)
        except AzureMLException as error:
            _log.info("%s", error.message)
        if for_good:
            file.with_suffix(".log").unlink(missing_ok=True)
            self._starts.pop((started.workspace, started.name), None)
            self._store.write(lambda connection: _forget_token(connection, started))
            shutil.rmtree(self._home / "services" / started.workspace / started.name, ignore_errors=True)


def _forget_token(connection: Connection, started: Started) -> None:
    if workspaces.find(connection, started.workspace) is not None:
        tokens.forget_of_run(connection, started.workspace, tokens.of_service(started.name))
