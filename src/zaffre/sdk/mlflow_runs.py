"""``azureml.mlflow``: what Azure's plugin for MLflow adds, for runs of MLflow's own client."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from zaffre.core import contract, entities, wire
from zaffre.core.errors import UserErrorException
from zaffre.core.names import check_model
from zaffre.sdk.client import Client
from zaffre.sdk.scope import Scope


def get_portal_url(run: Any) -> str:
    """The Studio's page of an MLflow run (``mlflow.active_run()``, or what ``start_run`` gave)."""
    return tracking_scope().portal("runs", run.info.run_id)


def register_model(run: Any, name: str, path: str, tags: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
    """Register a file or folder of an MLflow run as a model; returns the registered version."""
    if kwargs:
        raise TypeError(f"register_model() got unexpected keyword arguments: {', '.join(sorted(kwargs))}")
    scope = tracking_scope()
    body = wire.ModelCreate(name=check_model(name), tags=dict(tags or {}), run_id=run.info.run_id, run_path=path)
    return scope.client.post(scope.path("models"), entities.ModelVersion, body)


def tracking_scope() -> Scope:
    """The workspace that MLflow's tracking URI names; raises ``UserErrorException`` when that is no Zaffre server."""
    mlflow = sys.modules.get("mlflow")
    uri = mlflow.get_tracking_uri() if mlflow is not None else os.environ.get(contract.MLFLOW_TRACKING_URI, "")
    parts = urlsplit(uri)
    token = unquote(parts.password) if parts.password else os.environ.get(contract.MLFLOW_TRACKING_TOKEN)
    if parts.scheme not in ("http", "https") or not token:
        raise UserErrorException(
            f"MLflow's tracking URI {uri!r} names no Zaffre workspace: call "
            "mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())."
        )
    path = parts.path.strip("/").split("/")
    name = unquote(path[1]) if len(path) == 2 and path[0] == "workspaces" else contract.DEFAULT_WORKSPACE
    return Scope(Client(f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1]}", token), name)
