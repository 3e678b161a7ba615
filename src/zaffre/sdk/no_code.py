"""``Model.deploy`` without an ``inference_config``: the model's framework says how it is loaded and what it needs."""

from __future__ import annotations

import copy
import platform
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from zaffre.core.errors import ModelInvalid, Unsupported
from zaffre.sdk import entry_source, mlflow_service
from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.registered_files import RegisteredFiles

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

Config = TypeVar("Config")

REMEDY: Final = "pass inference_config=InferenceConfig(entry_script=..., environment=...)"
VERSION_VARIABLE: Final = "ZAFFRE_FRAMEWORK_VERSION"  # read by the entry scripts, which tell another version
_SEARCHED_BYTES: Final = 64 * 1024 * 1024  # larger pickles are not fetched to look for the version that wrote them
# scikit-learn writes its version into the state of each estimator.
_WRITTEN_BY: Final = re.compile(rb"_sklearn_version.{1,8}?(\d+\.\d+[0-9A-Za-z.]*)", re.DOTALL)
_VERSION: Final = re.compile(r"\d+(\.\d+)*([a-z]+\d*)?")


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How the models of one framework are served."""

    scripts: tuple[str, ...]  # the entry script, and what it imports
    suffixes: tuple[str, ...]  # of the one file that is the model, or marks its folder
    packages: Callable[[RegisteredFiles, str], list[str]]


def inference_config(workspace: Workspace, service: str, models: Sequence[Model | str]) -> InferenceConfig:
    """How to serve ``models``: one registered model, of MLflow or of a framework that needs no entry script.

    Raises ``Unsupported`` for every other, and ``ModelInvalid`` for one whose files are not what its framework writes.
    """
    model = _one(models)
    files = RegisteredFiles(workspace, model)
    if files.has("MLmodel"):
        return mlflow_service.inference_config(workspace, service, [model])
    recipe = _recipe(model)
    found = [name for name in files.names if name.endswith(recipe.suffixes)]
    if len(found) != 1:
        raise ModelInvalid(
            f"The model {model.id} is registered as {model.model_framework}, of which one file must end with "
            f"{', '.join(recipe.suffixes)}; there is {', '.join(found) or 'none'} among {', '.join(files.names)}."
        )
    environment = Environment(f"{(model.model_framework or '').lower()}-{model.name}"[:200])
    environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=recipe.packages(files, found[0]), python_version=f"{sys.version_info[0]}.{sys.version_info[1]}"
    )
    if model.model_framework_version:
        environment.environment_variables = {VERSION_VARIABLE: model.model_framework_version}
    return entry_source.inference_config(workspace, service, recipe.scripts, environment)


def sized(config: Config, models: Sequence[Model | str]) -> Config:
    """``config`` with the cores and memory that the model was registered with, where it says nothing of them itself.

    A process of this machine has no limits. Raises ``Unsupported`` for a GPU.
    """
    wished = _one(models).resource_configuration
    if wished is None or not isinstance(config, AciServiceDeploymentConfiguration):
        return config
    if wished.gpu:
        raise Unsupported(
            f"The model {_one(models).id} is registered with {wished.gpu} GPUs, which a service on the server cannot "
            "have: change it with model.update(resource_configuration=...), or deploy it with LocalWebservice."
        )
    made = copy.copy(config)
    made.cpu_cores = config.cpu_cores or wished.cpu or None
    made.memory_gb = config.memory_gb or wished.memory_in_gb or None
    return made


def _one(models: Sequence[Model | str]) -> Model:
    if len(models) != 1:
        raise Unsupported(
            f"A deployment without an entry script is of exactly one model, not of {len(models)}: only an entry script "
            f"can say which of them answers what. {REMEDY[0].upper()}{REMEDY[1:]}."
        )
    if isinstance(models[0], str):
        raise Unsupported(
            f"A deployment without an entry script is of a registered model, and {models[0]} is a local path: register "
            f"it with Model.register(..., model_framework=Model.Framework.SCIKITLEARN), or {REMEDY}."
        )
    return models[0]


def _recipe(model: Model) -> _Recipe:
    framework = model.model_framework
    recipe = _RECIPES.get(framework or "")
    if recipe is not None:
        return recipe
    known = ", ".join(_RECIPES)
    if framework is None:
        raise Unsupported(
            f"The model {model.id} is no MLflow model and is registered without a framework, so nothing says how it is "
            f"loaded: register it with model_framework (one of {known}), or {REMEDY}."
        )
    why = _REFUSED.get(framework, "is not a framework that is known")
    raise Unsupported(
        f"The model {model.id} is of the framework {framework}, which {why}: {REMEDY}. Without one, models of {known} "
        "and MLflow models are deployed."
    )


def _sklearn_packages(files: RegisteredFiles, name: str) -> list[str]:
    """The version that the model is registered with, else the one that wrote its file, else the newest."""
    model = files.model
    match = _WRITTEN_BY.search(files.read(name)) if files.size(name) <= _SEARCHED_BYTES else None
    written = match[1].decode() if match else None
    asked = _version(model)
    if asked and written and asked != written:
        print(
            f"The model {model.id} is registered for scikit-learn {asked}, and {name} was written by scikit-learn "
            f"{written}: the service gets {asked}, as registered."
        )
    version = asked or written
    if version is None:
        print(f"Nothing says which scikit-learn wrote {name} of {model.id}: the service gets the newest.")
        return ["scikit-learn", "numpy", "pandas", "joblib"]
    numpy = "numpy<2" if _numbers(version) < (1, 4, 2) else "numpy"
    return [f"scikit-learn=={version}", numpy, "pandas", "joblib"]


def _onnx_packages(files: RegisteredFiles, name: str) -> list[str]:
    """ONNX's version is that of the format, which every newer runtime reads."""
    _version(files.model)
    return ["onnxruntime", "numpy"]


def _tensorflow_packages(files: RegisteredFiles, name: str) -> list[str]:
    """Without CUDA where there is such a package; every newer TensorFlow reads the SavedModels of 1.x."""
    version = _version(files.model)
    if version and _numbers(version) < (2,):
        print(
            f"The model {files.model.id} is registered for TensorFlow {version}, which Python "
            f"{sys.version_info[0]}.{sys.version_info[1]} has not: the service gets the newest, which reads it."
        )
        version = None
    pinned = f"=={version}" if version else ""
    package = "tensorflow-cpu" if platform.machine() == "x86_64" and sys.platform == "linux" else "tensorflow"
    return [f"{package}{pinned}", "numpy"]


def _version(model: Model) -> str | None:
    version = model.model_framework_version
    if version and not _VERSION.fullmatch(version):
        raise ModelInvalid(
            f"{version!r}, the framework version of the model {model.id}, is no version such as 1.5.2: register the "
            f"model anew, or {REMEDY}."
        )
    return version or None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


_RECIPES: Final[Mapping[str, _Recipe]] = {
    "ScikitLearn": _Recipe(
        ("score_sklearn.py", "scoring_request.py"), (".pkl", ".pickle", ".joblib", ".sav"), _sklearn_packages
    ),
    "Onnx": _Recipe(("score_onnx.py", "scoring_request.py", "tensor_request.py"), (".onnx",), _onnx_packages),
    "TensorFlow": _Recipe(
        ("score_tensorflow.py", "scoring_request.py", "tensor_request.py"), ("saved_model.pb",), _tensorflow_packages
    ),
}
_REFUSED: Final[Mapping[str, str]] = {
    "Custom": "says nothing of how it is loaded",
    "TfKeras": "is not deployed without an entry script (save it as a SavedModel and register that as TensorFlow)",
    "PyTorch": "is not deployed without an entry script, because its files do not hold the model's code",
    "Multi": "is served by one runtime for several frameworks in Azure, which is not built here",
}
