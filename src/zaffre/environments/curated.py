"""Environments that exist without being registered, under the names that existing scripts ask for.

The names carry versions, systems and CUDA releases of years past; here a name stands for the current packages of its
kind, on whichever Python this machine has.
"""

from __future__ import annotations

import re
from typing import Any, Final

from zaffre.core.errors import Unsupported

_SCIENCE: Final = ("numpy", "pandas", "scipy", "scikit-learn", "joblib", "matplotlib")

# The beginning of a name -> its packages and one name to list it by.
_KINDS: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    (r"minimal(-.*)?", (), "AzureML-Minimal"),
    (r"tutorial", _SCIENCE, "AzureML-Tutorial"),
    (r"(scikit-learn|sklearn)-.*", _SCIENCE, "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu"),
    (r"(pytorch|acpt)-.*", (*_SCIENCE, "torch", "torchvision"), "AzureML-pytorch-1.10-ubuntu18.04-py38-cuda11-gpu"),
    (r"tensorflow-.*", (*_SCIENCE, "tensorflow"), "AzureML-tensorflow-2.4-ubuntu18.04-py37-cuda11-gpu"),
    (r"lightgbm-.*", (*_SCIENCE, "lightgbm"), "AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu"),
    (r"xgboost-.*", (*_SCIENCE, "xgboost"), "AzureML-xgboost-0.9-ubuntu18.04-py37-cpu-inference"),
    (r"onnxruntime-.*", (*_SCIENCE, "onnxruntime"), "AzureML-onnxruntime-1.6-ubuntu18.04-py37-cpu-inference"),
    (r"mlflow-.*", (*_SCIENCE, "mlflow"), "AzureML-mlflow-ubuntu20.04-py38-cpu-inference"),
    (r"vowpalwabbit-.*", (*_SCIENCE, "vowpalwabbit"), "AzureML-VowpalWabbit-8.8.0"),
    (r"dask-.*", (*_SCIENCE, "dask[complete]"), "AzureML-Dask-CPU"),
    (r"automl(-gpu)?", (*_SCIENCE, "lightgbm", "xgboost"), "AzureML-AutoML"),
    (r"automl-dnn.*", (*_SCIENCE, "lightgbm", "xgboost", "torch", "torchvision", "transformers"), "AzureML-AutoML-DNN"),
    (r"hyperdrive-.*", (*_SCIENCE, "torch", "gluonts"), "AzureML-Hyperdrive-ForecastDNN"),
    (r"pyspark-.*", (*_SCIENCE, "pyspark", "synapseml"), "AzureML-PySpark-MmlSpark-0.15"),
)

# Names whose packages have no release for any Python of today.
_RETIRED: Final = (
    (
        r"chainer-.*",
        "Chainer's last release is for Pythons that are gone: name its packages in an environment of your own",
    ),
)


def names() -> list[str]:
    """One name of each kind, for listings."""
    return [name for _, _, name in _KINDS]


def find(name: str) -> dict[str, Any] | None:
    """The definition that a curated name stands for, in any case of letters; None for any other name.

    Raises ``Unsupported`` with the reason for a curated name that no packages of today stand for.
    """
    rest = re.fullmatch(r"azureml-(.+)", name, re.IGNORECASE)
    if rest is None:
        return None
    for pattern, why in _RETIRED:
        if re.fullmatch(pattern, rest[1], re.IGNORECASE):
            raise Unsupported(f"The curated environment {name} is not to be had: {why}.")
    for pattern, packages, _ in _KINDS:
        if re.fullmatch(pattern, rest[1], re.IGNORECASE):
            return _definition(name, packages)
    return None


def _definition(name: str, packages: tuple[str, ...]) -> dict[str, Any]:
    document = {"name": "project_environment", "dependencies": [{"pip": ["azureml-defaults", *packages]}]}
    return {
        "name": name,
        "version": "1",
        "environmentVariables": {},
        "python": {"userManagedDependencies": False, "interpreterPath": "python", "condaDependencies": document},
    }
