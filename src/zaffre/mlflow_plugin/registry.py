"""The model registry behind ``azureml://``: the same models that ``azureml.core.Model`` shows."""

from __future__ import annotations

from mlflow.store.model_registry.rest_store import RestStore

from zaffre.mlflow_plugin.connection import Renewing


class AzuremlRegistryStore(Renewing, RestStore):
    """``AzuremlRegistryStore(uri)``."""
