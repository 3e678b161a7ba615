"""Zaffre: a self-hosted machine learning workspace for Azure ML SDK v1 scripts and MLflow clients."""

__version__ = "0.1.0"
