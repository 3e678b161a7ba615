"""``mlflow run --backend azureml``: an MLflow project submitted as a run of the workspace."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from mlflow.entities import RunStatus
from mlflow.projects import utils
from mlflow.projects.backend.abstract_backend import AbstractBackend
from mlflow.projects.submitted_run import SubmittedRun
from mlflow.tracking import MlflowClient

from zaffre.core.errors import ActivityFailedException, InvalidValue, Unsupported
from zaffre.core.states import RUN_TERMINAL
from zaffre.core.states import RunStatus as Status
from zaffre.mlflow_plugin.refusals import as_mlflow
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.mlflow_address import SCHEME, workspace_at
from zaffre.sdk.run import Run
from zaffre.sdk.script_run_config import ScriptRunConfig

COMPUTE: Final = "COMPUTE"
USE_CONDA: Final = "USE_CONDA"
STREAM_OUTPUT: Final = "STREAM_OUTPUT"
_LOCAL: Final = "local"
_OF_MLFLOW: Final = {  # added to every configuration by mlflow.projects itself
    utils.PROJECT_ENV_MANAGER,
    utils.PROJECT_SYNCHRONOUS,
    utils.PROJECT_DOCKER_ARGS,
    utils.PROJECT_STORAGE_DIR,
    utils.PROJECT_BUILD_IMAGE,
    utils.PROJECT_DOCKER_AUTH,
}


class AzuremlProjectBackend(AbstractBackend):
    """Reads ``COMPUTE`` (a compute target, by default this machine), ``USE_CONDA`` (false: the interpreter that is
    there, in place of the project's environment) and ``STREAM_OUTPUT`` of the backend's configuration."""

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: dict[str, Any] | None,
        version: str | None,
        backend_config: dict[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> SubmittedRun:
        with as_mlflow():
            _check_config(backend_config)
            uri = str(tracking_uri)
            workspace = workspace_at(_address(uri))
            folder = utils.fetch_and_validate_project(project_uri, version, entry_point, params)
            project = utils.load_project(folder)
            (command,) = utils.get_entry_point_command(project, entry_point, params, None)
            config = ScriptRunConfig(
                source_directory=folder,
                command=command,
                compute_target=str(backend_config.get(COMPUTE) or _LOCAL),
                environment=_environment(project, _flag(backend_config, USE_CONDA, default=True)),
            )
            name = MlflowClient(uri, registry_uri=uri).get_experiment(experiment_id).name
            run = Experiment(workspace, name).submit(config)
        return ProjectRun(run, stream=_flag(backend_config, STREAM_OUTPUT, default=False))


class ProjectRun(SubmittedRun):
    """A submitted run as MLflow waits for it."""

    def __init__(self, run: Run, *, stream: bool) -> None:
        super().__init__()
        self._run = run
        self._stream = stream

    @property
    def run_id(self) -> str:
        return str(self._run.id)

    def wait(self) -> bool:
        """Whether the run ended well."""
        try:
            self._run.wait_for_completion(show_output=self._stream)
        except ActivityFailedException:
            return False
        return str(self._run.get_status()) == Status.COMPLETED.value

    def get_status(self) -> str:
        status = Status(self._run.get_status())
        if status not in RUN_TERMINAL:
            return str(RunStatus.to_string(RunStatus.RUNNING))
        ended = {Status.COMPLETED: RunStatus.FINISHED, Status.CANCELED: RunStatus.KILLED}
        return str(RunStatus.to_string(ended.get(status, RunStatus.FAILED)))

    def cancel(self) -> None:
        self._run.cancel()


def _address(tracking_uri: str) -> str:
    """The workspace's ``azureml://`` address; a run is submitted with this machine's own token."""
    parts = urlsplit(tracking_uri)
    return parts._replace(scheme=SCHEME, netloc=parts.netloc.rpartition("@")[2]).geturl()


def _check_config(given: dict[str, Any]) -> None:
    """Raise for a key that is neither ours nor one that ``mlflow.projects`` adds by itself."""
    unknown = sorted(set(given) - {COMPUTE, USE_CONDA, STREAM_OUTPUT, *_OF_MLFLOW})
    if unknown:
        raise InvalidValue(
            f"{', '.join(unknown)}: not a setting of this backend. It has {COMPUTE}, {USE_CONDA} and {STREAM_OUTPUT}."
        )


def _flag(given: dict[str, Any], key: str, *, default: bool) -> bool:
    value = given.get(key, default)
    return value if isinstance(value, bool) else str(value).strip().lower() in ("1", "true", "yes")


def _environment(project: Any, use_project: bool) -> Environment:
    if project.docker_env:
        raise Unsupported("Projects that run in a Docker image are not built: give the project a conda or Python file.")
    if not use_project or project.env_config_path is None:
        environment = Environment("mlflow-project-own")
        environment.python.user_managed_dependencies = True
        return environment
    name = f"mlflow-project-{project.name or 'unnamed'}".replace(" ", "-")
    if project.env_type == "conda":
        return Environment.from_conda_specification(name, project.env_config_path)
    return _python_environment(name, project.env_config_path)


def _python_environment(name: str, path: str) -> Environment:
    """The environment of a ``python_env.yaml``: a Python version and pip requirements, also from files beside it."""
    with open(path, encoding="utf-8") as file:
        held = yaml.safe_load(file) or {}
    packages: list[str] = []
    for line in held.get("dependencies") or []:
        text = str(line).strip()
        if text.startswith("-r "):
            with open(os.path.join(os.path.dirname(path), text[3:].strip()), encoding="utf-8") as more:
                packages += [one.strip() for one in more if one.strip() and not one.lstrip().startswith("#")]
        else:
            packages.append(text)
    environment = Environment(name)
    python = held.get("python")
    environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=packages, python_version=None if python is None else str(python)
    )
    return environment
