"""The tracking store behind ``azureml://``: MLflow's own REST store, spoken to this machine's workspace."""

from __future__ import annotations

from mlflow.store.tracking.rest_store import RestStore

from zaffre.mlflow_plugin.connection import Renewing


class AzuremlTrackingStore(Renewing, RestStore):  # type: ignore[misc]  # as MLflow's own mixins are
    """``AzuremlTrackingStore(uri)``."""
