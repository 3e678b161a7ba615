"""``AzureMLDeploymentClient``."""

from __future__ import annotations

from zaffre.mlflow_plugin.deployments import AzureMLDeploymentClient

__all__ = ["AzureMLDeploymentClient"]
