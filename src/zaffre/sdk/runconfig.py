"""``RunConfiguration``: how a script is run, and its YAML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

from zaffre.core.errors import RunConfigurationException, UserErrorException
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.container_registry import ContainerRegistry
from zaffre.sdk.environment import Environment
from zaffre.sdk.runconfig_sections import (
    AmlComputeConfiguration,
    ApplicationEndpointConfiguration,
    DataReferenceConfiguration,
    DockerConfiguration,
    HdiConfiguration,
    HistoryConfiguration,
    KubernetesComputeConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    SparkConfiguration,
    TensorflowConfiguration,
)
from zaffre.sdk.section import Section

__all__ = [
    "AmlComputeConfiguration",
    "ApplicationEndpointConfiguration",
    "AzureContainerRegistry",
    "ContainerRegistry",
    "DataReferenceConfiguration",
    "DockerConfiguration",
    "EnvironmentDefinition",
    "HdiConfiguration",
    "HistoryConfiguration",
    "KubernetesComputeConfiguration",
    "MpiConfiguration",
    "ParallelTaskConfiguration",
    "PyTorchConfiguration",
    "RunConfiguration",
    "SparkConfiguration",
    "TensorflowConfiguration",
]

# Older scripts' names.
EnvironmentDefinition = Environment
AzureContainerRegistry = ContainerRegistry

LOCAL: Final = "local"
FOLDER: Final = ".azureml"
OLD_FOLDER: Final = "aml_config"
SUFFIX: Final = ".runconfig"
CONDA_FILE: Final = "conda_dependencies.yml"
ENVIRONMENT_FILE: Final = "environment.yml"
DEFAULT_ENVIRONMENT: Final = "default-environment"
FRAMEWORKS: Final = ("Python", "PySpark", "CNTK", "TensorFlow", "PyTorch")
COMMUNICATORS: Final = ("None", "ParameterServer", "OpenMpi", "IntelMpi", "Gloo", "Nccl", "Mpi")
# Of older files; an empty one means nothing.
_OLD_KEYS: Final = ("autoPrepareEnvironment", "prepareEnvironment", "useAbsolutePath", "jobName", "containerInstance")


class RunConfiguration(Section):
    """A script, its arguments, where it runs (``target``) and in which ``environment``."""

    KEYS: ClassVar[dict[str, str]] = {
        "script": "script",
        "arguments": "arguments",
        "target": "target",
        "framework": "framework",
        "communicator": "communicator",
        "max_run_duration_seconds": "maxRunDurationSeconds",
        "node_count": "nodeCount",
        "priority": "priority",
        "environment": "environment",
        "history": "history",
        "spark": "spark",
        "docker": "docker",
        "hdi": "hdi",
        "tensorflow": "tensorflow",
        "mpi": "mpi",
        "pytorch": "pytorch",
        "parallel_task": "paralleltask",
        "data_references": "dataReferences",
        "data": "data",
        "datacaches": "datacaches",
        "output_data": "outputData",
        "source_directory_data_store": "sourceDirectoryDataStore",
        "amlcompute": "amlcompute",
        "auto_cluster_compute_specification": "autoClusterComputeSpecification",
        "kubernetescompute": "kubernetescompute",
        "credential_passthrough": "credentialPassthrough",
        "command": "command",
        "environment_variables": "environmentVariables",
        "application_endpoints": "applicationEndpoints",
    }

    environment: Environment

    def __init__(
        self,
        script: str | None = None,
        arguments: list[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: CondaDependencies | None = None,
        _history_enabled: bool | None = None,
        _path: str | None = None,
        _name: str | None = None,
        command: str | None = None,
    ) -> None:
        self.script = script
        self.arguments: list[Any] = list(arguments or [])
        self._target = LOCAL
        self.framework = _one_of(framework or "Python", FRAMEWORKS, "framework")
        self.communicator = _one_of(communicator or "None", COMMUNICATORS, "communicator")
        self.max_run_duration_seconds: int | None = None
        self.node_count = 1
        self.priority: int | None = None
        self.environment = Environment(DEFAULT_ENVIRONMENT)
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.history = HistoryConfiguration()
        self.spark = SparkConfiguration()
        self.docker = DockerConfiguration()
        self.hdi = HdiConfiguration()
        self.tensorflow = TensorflowConfiguration()
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration(communication_backend="nccl")
        self.parallel_task = ParallelTaskConfiguration()
        self.data_references: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.datacaches: list[Any] = []
        self.output_data: dict[str, Any] = {}
        self.source_directory_data_store: str | None = None
        self.amlcompute = AmlComputeConfiguration()
        self.auto_cluster_compute_specification: Any = None
        self.kubernetescompute = KubernetesComputeConfiguration()
        self.credential_passthrough = False
        self.command = command or ""
        self.environment_variables: dict[str, str] = {}
        self.application_endpoints: dict[str, Any] = {}
        if _history_enabled is not None:
            self.history.output_collection = _history_enabled
        self._path = _path
        self._name = _name

    @property
    def target(self) -> str:
        """The name of a compute target; "local" is the machine that submits. A compute target may be assigned."""
        return self._target

    @target.setter
    def target(self, value: Any) -> None:
        name = value if isinstance(value, str) else getattr(value, "name", None)
        if not isinstance(name, str) or not name:
            raise UserErrorException(f"{value!r} is not a compute target: use one, or its name, or 'local'.")
        self._target = name

    @property
    def auto_prepare_environment(self) -> bool:
        """Always True: an environment that is missing is built."""
        return True

    @auto_prepare_environment.setter
    def auto_prepare_environment(self, value: bool) -> None:
        if not value:
            raise UserErrorException("auto_prepare_environment is always True: a missing environment is built.")

    def _take(self, attribute: str, value: Any) -> None:
        # An empty entry of the file means what the attribute is by default.
        default = getattr(self, attribute)
        if value is None and isinstance(default, (str, list, dict)):
            return
        super()._take(attribute, value)

    # --- the file -----------------------------------------------------------------------------------------------------

    def save(self, path: str | None = None, name: str | None = None, separate_environment_yaml: bool = False) -> None:
        """Write the configuration as YAML.

        ``path`` is a project folder, whose ``.azureml`` (or ``aml_config``) must exist and gets the file ``name`` and
        ``conda_dependencies.yml``; or it is the file itself, which then holds the packages too. Raises
        ``UserErrorException`` without a name, ``FileNotFoundError`` when the folder is missing.
        """
        wanted = Path(path or self._path or ".")
        if not wanted.is_dir() and (wanted.exists() or wanted.suffix in (SUFFIX, ".yml", ".yaml")):
            self._write(wanted, None)
            return
        name = name or self._name
        if not name:
            raise UserErrorException("A run configuration is saved under a name: pass name=.")
        folder = config_folder(wanted)
        if not folder.is_dir():
            raise FileNotFoundError(f"There is no folder {folder} to save the run configuration in: make it first.")
        self._write(folder / name, folder, separate_environment_yaml)

    def _write(self, file: Path, folder: Path | None, separate_environment: bool = False) -> None:
        plain = self.to_plain()
        python = plain["environment"]["python"]
        if folder is not None:
            conda = python.pop("condaDependencies", None)
            if conda is not None:
                python["condaDependenciesFile"] = f"{folder.name}/{CONDA_FILE}"
                (folder / CONDA_FILE).write_text(yaml.safe_dump(conda, sort_keys=False), "utf-8")
            if separate_environment:
                text = yaml.safe_dump(plain["environment"], sort_keys=False)
                (folder / ENVIRONMENT_FILE).write_text(text, "utf-8")
                plain["environment"] = f"{folder.name}/{ENVIRONMENT_FILE}"
        file.write_text(yaml.safe_dump(plain, sort_keys=False), "utf-8")

    @staticmethod
    def load(path: str, name: str | None = None) -> RunConfiguration:  # type: ignore[override]  # Azure's own name
        """The configuration in a file, or that of a project folder's ``.azureml/<name>`` or ``<name>.runconfig``.

        Raises ``UserErrorException`` when there is none or it cannot be read.
        """
        file = find_config(Path(path), name)
        made = RunConfiguration(_path=path, _name=name)
        made._read(file)
        return made

    def _read(self, file: Path) -> None:
        plain = _yaml(file)
        project = file.parent.parent if file.parent.name in (FOLDER, OLD_FOLDER) else file.parent
        environment = plain.get("environment")
        if isinstance(environment, str):
            plain["environment"] = environment = _yaml(project / environment)
        python = (environment or {}).get("python") or {}
        conda_file = python.get("condaDependenciesFile")
        if conda_file and not python.get("userManagedDependencies"):
            python["condaDependencies"] = _yaml(project / conda_file)
            python["condaDependenciesFile"] = None
        old = {key: plain.pop(key) for key in _OLD_KEYS if key in plain}
        used = sorted(key for key, value in old.items() if value not in (None, False, True, {}, ""))
        if used:
            raise RunConfigurationException(f"{file} sets {', '.join(used)}, which no longer exists: remove it.")
        target = plain.pop("target", None)
        super().load(plain, str(file))
        if target:
            self.target = target
        self.framework = _one_of(self.framework or "Python", FRAMEWORKS, "framework")
        self.communicator = _one_of(self.communicator or "None", COMMUNICATORS, "communicator")

    @staticmethod
    def delete(path: str, name: str) -> None:
        """Remove a saved configuration; raises ``UserErrorException`` when there is none."""
        find_config(Path(path), name).unlink()


def config_folder(project: Path) -> Path:
    """Where a project keeps its configurations: ``aml_config`` if it has that, else ``.azureml``."""
    return project / OLD_FOLDER if (project / OLD_FOLDER).is_dir() else project / FOLDER


def find_config(path: Path, name: str | None) -> Path:
    """The file of a configuration; raises ``UserErrorException`` that names what was looked for."""
    if path.is_file():
        return path
    if not name:
        raise UserErrorException(f"{path} is a folder: pass the name of the run configuration in it.")
    folders = (config_folder(path), path)
    candidates = [folder / file for folder in folders for file in (name, name + SUFFIX)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise UserErrorException(
        f"There is no run configuration {name} in {path}: looked for {', '.join(map(os.fspath, candidates))}."
    )


def _yaml(file: Path) -> dict[str, Any]:
    try:
        held = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise UserErrorException(f"The run configuration {file} cannot be read: {error}.") from error
    if not isinstance(held, dict):
        raise UserErrorException(f"The run configuration {file} is not an object with keys and values.")
    return held


def _one_of(value: str, allowed: tuple[str, ...], what: str) -> str:
    """The allowed spelling of a value; raises ``RunConfigurationException`` for any other."""
    for known in allowed:
        if value.lower() == known.lower():
            return known
    raise RunConfigurationException(f"{value!r} is not a {what}: use {', '.join(allowed)}.")
