"""Deployments through MLflow; importing this needs MLflow."""

from __future__ import annotations

from zaffre.mlflow_plugin.deployments import AzureMLDeploymentClient, run_local, target_help

__all__ = ["AzureMLDeploymentClient", "run_local", "target_help"]
