"""The supervisor of a local service: a process of its own, so that the service outlives the script that deployed it."""

from __future__ import annotations

import os
import sys

from zaffre.core import contract
from zaffre.launch import processes
from zaffre.launch.process import ProcessBackend
from zaffre.launch.workload import Workload
from zaffre.sdk.discovery import home
from zaffre.sdk.scope import Scope
from zaffre.sdk.service_folder import ServiceFolder


def ensure_supervisor(scope: Scope, folder: ServiceFolder, name: str) -> None:
    """Start the supervisor of a service unless it lives; it finds out by itself what to do."""
    if folder.is_supervised():
        return
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    env = {
        **contract.inheritable(os.environ),
        contract.ZAFFRE_HOME: str(home()),
        contract.ZAFFRE_URL: scope.client.url,
        contract.ZAFFRE_TOKEN: scope.client.token,
        contract.ZAFFRE_WORKSPACE: scope.workspace,
        contract.ZAFFRE_SERVICE: name,
        # A service that a run deploys is not part of the run: what ends the run must not end it.
        processes.MARK: f"service-{name}",
    }
    argv = (sys.executable, "-m", "zaffre.runner", "service")
    ProcessBackend().start(Workload(argv, folder.path, env, folder.supervisor_log, f"the supervisor of {name}"))
