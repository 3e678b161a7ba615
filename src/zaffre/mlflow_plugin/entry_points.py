"""What MLflow loads while it is itself being imported: nothing of MLflow may be imported for it yet.

So each function here loads the module that does the work when it is called.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from zaffre import __version__
from zaffre.mlflow_plugin import azureml_module
from zaffre.sdk.mlflow_address import SCHEME

azureml_module.offer()


def azureml_store_builder(store_uri: str, artifact_uri: str | None = None) -> Any:  # noqa: ARG001 - MLflow's signature
    """The tracking store; where artifacts are is the server's to say, so ``artifact_uri`` changes nothing."""
    return _load("tracking").AzuremlTrackingStore(store_uri)


def azureml_model_registry_builder(store_uri: str, tracking_uri: str | None = None) -> Any:  # noqa: ARG001
    """The model registry of the same workspace."""
    return _load("registry").AzuremlRegistryStore(store_uri)


def azureml_artifacts_builder(
    artifact_uri: str | None = None, tracking_uri: str | None = None, registry_uri: str | None = None
) -> Any:
    """The files behind an ``azureml://`` artifact URI."""
    return _load("artifacts").AzuremlArtifactRepository(artifact_uri, tracking_uri, registry_uri)


def azureml_project_run_builder() -> Any:
    """The backend of ``mlflow run --backend azureml``."""
    return _load("projects").AzuremlProjectBackend()


class AzuremlHeaders:
    """Names this product beside MLflow in the ``User-Agent``, for requests that ``azureml://`` URIs lead to."""

    def in_context(self) -> bool:
        mlflow = sys.modules.get("mlflow")
        uri = getattr(mlflow, "get_tracking_uri", str)()
        return str(uri).startswith(f"{SCHEME}:")

    def request_headers(self) -> dict[str, str]:
        return {"User-Agent": f"zaffre/{__version__}"}


def _load(module: str) -> Any:
    return importlib.import_module(f"zaffre.mlflow_plugin.{module}")
