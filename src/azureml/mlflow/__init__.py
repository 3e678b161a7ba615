"""What Azure's plugin for MLflow adds."""

from __future__ import annotations

from zaffre.sdk.mlflow_image import build_image
from zaffre.sdk.mlflow_runs import get_mlflow_tracking_uri, get_portal_url, register_model

__all__ = ["build_image", "get_mlflow_tracking_uri", "get_portal_url", "register_model"]
