"""``Run.get_context``: the run that this process executes, told from its environment variables."""

from __future__ import annotations

import functools
import os
from typing import Any

from zaffre.core import contract
from zaffre.core.errors import RunEnvironmentException
from zaffre.sdk.client import Client
from zaffre.sdk.discovery import in_run
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.offline_run import _OfflineRun
from zaffre.sdk.submitted_run import _SubmittedRun
from zaffre.sdk.workspace import Workspace


def run_workspace() -> Workspace | None:
    """The workspace of the run that this process executes; None outside of one."""
    workspace: Workspace | None = current_run(True).experiment.workspace if in_run() else None
    return workspace


def current_run(allow_offline: bool) -> Any:
    """The submitted run, the same handle each time; else an offline run or ``RunEnvironmentException``."""
    if in_run():
        return _submitted(*(os.environ[name] for name in contract.ONLINE_VARIABLES))
    if not allow_offline:
        missing = [name for name in contract.ONLINE_VARIABLES if not os.environ.get(name)]
        raise RunEnvironmentException(
            f"This process is not inside a submitted run ({', '.join(missing)} missing): submit the script, or call "
            "Run.get_context() with allow_offline=True."
        )
    return _OfflineRun()


@functools.lru_cache
def _submitted(
    run_id: str, subscription: str, group: str, workspace_name: str, experiment: str, endpoint: str, token: str
) -> _SubmittedRun:
    workspace = Workspace(
        subscription, group, workspace_name, _disable_service_check=True, _client=Client(endpoint, token)
    )
    owner = Experiment(workspace, experiment, _create_in_cloud=False, _skip_name_validation=True)
    # Not checked against the server: training must start even while the server is away.
    return _SubmittedRun(owner, run_id, _checked=False)
