"""``python -m zaffre.runner service``: what to supervise is in the environment; one supervisor for each service."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zaffre.core import contract
from zaffre.core.entities import Service
from zaffre.core.errors import AzureMLException, InvalidValue
from zaffre.core.filelock import try_lock
from zaffre.core.names import check_supervised, check_workspace
from zaffre.core.states import ServiceState
from zaffre.runner.service_supervisor import Supervisor
from zaffre.sdk.client import Client
from zaffre.sdk.scope import Scope
from zaffre.sdk.service_folder import ServiceFolder


@dataclass(frozen=True, slots=True)
class Settings:
    url: str
    token: str
    workspace: str
    name: str
    home: Path


def main() -> int:
    """0 when the service is deleted or the supervisor was asked to end, 1 for a fault of ours, 2 for a wrong start."""
    try:
        settings = read_settings(os.environ)
    except AzureMLException as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    folder = ServiceFolder(settings.home, settings.workspace, settings.name)
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.lock.open("a+b") as lock:
        if not try_lock(lock):
            _note(f"Another process supervises the service {settings.name} already.")
            return 0
        return _supervise(settings, folder)


def _supervise(settings: Settings, folder: ServiceFolder) -> int:
    while True:
        supervisor = Supervisor(settings.url, settings.token, settings.workspace, settings.name, settings.home, folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_, ended=supervisor: ended.end())
        try:
            deleted = supervisor.run()
        except Exception as error:
            _note(error.message if isinstance(error, AzureMLException) else traceback.format_exc())
            return 1
        if not deleted:
            return 0
        if not _exists_anew(settings):
            break
    if not folder.keep_cache.exists():
        shutil.rmtree(folder.path, ignore_errors=True)
    return 0


def _exists_anew(settings: Settings) -> bool:
    """Whether a service of this name was made after the one that was deleted: who made it counts on us."""
    client = Client(settings.url, settings.token)
    try:
        found = client.get(Scope(client, settings.workspace).path("services", settings.name), Service)
    except AzureMLException:
        return False
    return found.state is not ServiceState.DELETED


def read_settings(environment: Mapping[str, str]) -> Settings:
    needed = (contract.ZAFFRE_URL, contract.ZAFFRE_TOKEN, contract.ZAFFRE_WORKSPACE, contract.ZAFFRE_SERVICE)
    missing = [name for name in (*needed, contract.ZAFFRE_HOME) if not environment.get(name)]
    if missing:
        raise InvalidValue(f"The supervisor does not know what to serve: {', '.join(missing)} must be set.")
    url, token, workspace, name = (environment[key] for key in needed)
    home = environment[contract.ZAFFRE_HOME]
    return Settings(
        url.rstrip("/"), token, check_workspace(workspace), check_supervised(name), Path(home).expanduser().absolute()
    )


def _note(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
    sys.stderr.flush()
