"""Services of MLflow models without an entry script: the model's own files say how it is loaded and what it needs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from zaffre.core.errors import ModelInvalid
from zaffre.sdk import entry_source
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.registered_files import RegisteredFiles
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

ENTRY_SCRIPT: Final = "score_mlflow.py"
_REMEDY: Final = "pass inference_config=InferenceConfig(entry_script=...)"


def inference_config(
    workspace: Workspace, service: str, models: Sequence[Model | str], environment: Environment | None = None
) -> InferenceConfig:
    """How to serve ``models``, one registered MLflow model, in ``environment`` or else what the model itself asks for.

    The entry script is written into the service's own folder. Raises ``Unsupported`` for what is not an MLflow model.
    """
    if len(models) != 1 or isinstance(models[0], str):
        raise not_built("A deployment without an entry script, but of one registered MLflow model,", _REMEDY)
    files = RegisteredFiles(workspace, models[0])
    if not files.has("MLmodel"):
        raise not_built(f"A deployment without an entry script of {models[0].id}, which is no MLflow model,", _REMEDY)
    wanted = environment or _environment(files)
    return entry_source.inference_config(workspace, service, (ENTRY_SCRIPT,), wanted)


def _environment(files: RegisteredFiles) -> Environment:
    name = f"mlflow-{files.model.name}"
    if files.has("conda.yaml"):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "conda.yaml"
            file.write_bytes(files.read("conda.yaml"))
            return Environment.from_conda_specification(name, file)
    if not files.has("requirements.txt"):
        raise ModelInvalid(
            f"The MLflow model {files.model.id} has neither conda.yaml nor requirements.txt, so what it needs is not "
            "known: log it with pip_requirements, or pass an InferenceConfig with an environment."
        )
    environment = Environment(name)
    lines = files.read("requirements.txt").decode().splitlines()
    packages = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=packages, python_version=_python(files)
    )
    return environment


def _python(files: RegisteredFiles) -> str | None:
    """The Python version that ``python_env.yaml`` asks for."""
    if not files.has("python_env.yaml"):
        return None
    held = yaml.safe_load(files.read("python_env.yaml"))
    version = held.get("python") if isinstance(held, dict) else None
    return None if version is None else str(version)
