"""The older place of ``azureml.mlflow``."""

from __future__ import annotations

from zaffre.sdk.mlflow_runs import get_portal_url, register_model

__all__ = ["get_portal_url", "register_model"]
