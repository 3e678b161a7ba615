"""The supervisor of a local service: a process of its own, so that the service outlives the script that deployed it."""

from __future__ import annotations

import os
import sys
from typing import Final

from zaffre.core import contract
from zaffre.launch import processes
from zaffre.launch.process import ProcessBackend
from zaffre.launch.workload import Workload
from zaffre.sdk.discovery import home
from zaffre.sdk.scope import Scope
from zaffre.sdk.service_folder import ServiceFolder

# What stands in the environment of the run or service in which this process may be, and is none of the new one's.
_FOREIGN: Final = ("AZUREML_", "AML_", "MLFLOW_", "SERVICE_", "SCORING_", "ZAFFRE_")


def ensure_supervisor(scope: Scope, folder: ServiceFolder, name: str) -> None:
    """Start the supervisor of a service unless it lives; it finds out by itself what to do."""
    if folder.is_supervised():
        return
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    env = {
        **kept,
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
