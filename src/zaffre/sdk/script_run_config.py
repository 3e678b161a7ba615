"""``ScriptRunConfig``: the script to submit, and how it is run."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Sequence
from typing import Any, Final

from zaffre.core.errors import UserErrorException
from zaffre.sdk.environment import Environment
from zaffre.sdk.runconfig import RunConfiguration
from zaffre.sdk.runconfig_sections import (
    DockerConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from zaffre.sdk.unbuilt import not_built

MAX_DURATION_SECONDS_DEFAULT: Final = 2592000
DistributedConfig = MpiConfiguration | PyTorchConfiguration | TensorflowConfiguration | ParallelTaskConfiguration


class ScriptRunConfig:
    """A script (or a command) of ``source_directory``. Submit it with ``Experiment.submit``.

    ``arguments`` are texts and numbers. A ``run_config`` makes ``compute_target``, ``environment`` and the other
    settings moot, with a warning.
    """

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        distributed_job_config: DistributedConfig | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = MAX_DURATION_SECONDS_DEFAULT,
        command: str | Sequence[str] | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
    ) -> None:
        if script is not None and command is not None:
            raise UserErrorException("A ScriptRunConfig has either a script or a command: leave one of them out.")
        if resume_from is not None:
            raise not_built("ScriptRunConfig(resume_from=...)", "pass the path of a checkpoint in arguments")
        self.source_directory = os.fspath(source_directory)
        if run_config is not None:
            moot = {
                "compute_target": compute_target,
                "environment": environment,
                "distributed_job_config": distributed_job_config,
                "docker_runtime_config": docker_runtime_config,
            }
            given = [name for name, value in moot.items() if value is not None]
            if given:
                text = f"run_config is given, so {', '.join(given)} of the ScriptRunConfig has no effect."
                warnings.warn(text, UserWarning, stacklevel=2)
            self.run_config = copy.copy(run_config)
        else:
            self.run_config = RunConfiguration()
            self.run_config.max_run_duration_seconds = max_run_duration_seconds
            if compute_target is not None:
                self.run_config.target = compute_target
            if environment is not None:
                self.run_config.environment = environment
            if docker_runtime_config is not None:
                self.run_config.docker = docker_runtime_config
            if distributed_job_config is not None:
                _distribute(self.run_config, distributed_job_config)
        self.script = script if script is not None or command is not None else self.run_config.script
        self.arguments: list[Any] = list(arguments if arguments is not None else self.run_config.arguments)
        self.command = command if command is not None or self.script is not None else (self.run_config.command or None)

    @property
    def identity(self) -> str:
        return f"ScriptRunConfig#{self.script or 'command'}"

    def __repr__(self) -> str:
        what = f"script={self.script!r}" if self.script is not None else f"command={self.command!r}"
        return f"ScriptRunConfig(source_directory={self.source_directory!r}, {what}, target={self.run_config.target!r})"


def get_run_config_from_script_run(script_run_config: ScriptRunConfig) -> RunConfiguration:
    """The run configuration with the script, arguments and command of the ``ScriptRunConfig``."""
    made = copy.copy(script_run_config.run_config)
    made.script = script_run_config.script
    made.arguments = script_run_config.arguments
    command = script_run_config.command
    made.command = (command if isinstance(command, str) else " ".join(command)) if command is not None else ""
    return made


def _distribute(run_config: RunConfiguration, wanted: DistributedConfig) -> None:
    """Take over a distributed configuration as Azure does; ``submit`` refuses what needs several processes."""
    if isinstance(wanted, MpiConfiguration):
        run_config.mpi, run_config.framework, run_config.communicator = wanted, "Python", "IntelMpi"
        run_config.node_count = wanted.node_count
    elif isinstance(wanted, PyTorchConfiguration):
        run_config.pytorch, run_config.framework = wanted, "PyTorch"
        run_config.communicator = wanted.communication_backend.capitalize()
        run_config.node_count = wanted.node_count
    elif isinstance(wanted, TensorflowConfiguration):
        run_config.tensorflow, run_config.framework = wanted, "TensorFlow"
        run_config.communicator = "ParameterServer"
        run_config.node_count = wanted.worker_count
    elif isinstance(wanted, ParallelTaskConfiguration):
        raise not_built("ParallelTaskConfiguration", "submit one run for each task")
    else:
        raise UserErrorException(f"{type(wanted).__name__} is not a distributed job configuration.")
