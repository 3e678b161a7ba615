"""The user's program: its command line, and the environment variables it may rely on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core import contract
from zaffre.core.entities import Run, ScriptSpec, Workspace
from zaffre.core.errors import ScriptInvalid, Unsupported
from zaffre.environments.realise import Realised

# Of the supervisor's own environment: they would lead Python, pip or MLflow astray in the user's.
DROPPED: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


@dataclass(frozen=True, slots=True)
class Online:
    """What tells the program which run it is and where its server is."""

    run: Run
    workspace: Workspace
    url: str
    token: str
    home: Path

    def variables(self) -> dict[str, str]:
        name = self.workspace.name
        tracking = self.url if name == contract.DEFAULT_WORKSPACE else f"{self.url}/workspaces/{name}"
        return {
            contract.RUN_ID: self.run.id,
            contract.SUBSCRIPTION: self.workspace.subscription_id,
            contract.RESOURCE_GROUP: self.workspace.resource_group,
            contract.WORKSPACE_NAME: name,
            contract.PROJECT_NAME: self.run.experiment_name,
            contract.SERVICE_ENDPOINT: self.url,
            contract.RUN_TOKEN: self.token,
            contract.EXPERIMENT_ID: str(self.run.experiment_id),
            contract.WORKSPACE_ID: self.workspace.id,
            contract.MLFLOW_TRACKING_URI: tracking,
            contract.MLFLOW_TRACKING_TOKEN: self.token,
            contract.MLFLOW_RUN_ID: self.run.id,
            contract.MLFLOW_EXPERIMENT_ID: str(self.run.experiment_id),
            contract.MLFLOW_EXPERIMENT_NAME: self.run.experiment_name,
            contract.ZAFFRE_URL: self.url,
            contract.ZAFFRE_TOKEN: self.token,
            contract.ZAFFRE_WORKSPACE: name,
            contract.ZAFFRE_HOME: str(self.home),
        }


def environment(online: Online, spec: ScriptSpec, realised: Realised, inherited: Mapping[str, str]) -> dict[str, str]:
    """The program's whole environment. The user's variables win over inherited ones, the run's identity over both."""
    variables = {key: value for key, value in inherited.items() if key != contract.ZAFFRE_REGISTRY_PASSWORD}
    if realised.key != "user-managed":
        variables = {key: value for key, value in variables.items() if key not in DROPPED}
    variables = realised.activated(variables)
    variables["PYTHONUNBUFFERED"] = "1"
    return {**variables, **realised.variables, **spec.environment_variables, **online.variables()}


def command_line(spec: ScriptSpec, python: str, folder: Path, shell: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The program and its arguments. ``shell`` runs a command; None is this machine's.

    Raises ``ScriptInvalid`` or ``Unsupported`` for what cannot be started.
    """
    if spec.node_count > 1:
        raise Unsupported(
            f"The run asks for {spec.node_count} nodes, and runs on several nodes are not built yet: set node_count=1."
        )
    if spec.command:
        return (*(shell or (shutil.which("bash") or "/bin/sh", "-c")), spec.command)
    if not spec.script:
        raise ScriptInvalid("The run has neither a script nor a command: give ScriptRunConfig one of them.")
    script = folder / spec.script
    if not script.is_file():
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:20]) or "no files"
        raise ScriptInvalid(
            f"The script {spec.script!r} is not in the source directory that was sent (it has: {there}). Check "
            "script= and source_directory=, and whether .amlignore or .gitignore leaves it out."
        )
    return (python, spec.script, *spec.arguments)
