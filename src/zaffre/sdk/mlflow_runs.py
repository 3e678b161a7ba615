"""``azureml.mlflow``: what Azure's plugin for MLflow adds, for runs of MLflow's own client."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from zaffre.core import contract, wire
from zaffre.core.errors import UserErrorException
from zaffre.sdk.client import Client
from zaffre.sdk.late import late
from zaffre.sdk.mlflow_address import SCHEME, locate
from zaffre.sdk.scope import Scope

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace


def get_portal_url(run: Any) -> str:
    """The Studio's page of an MLflow run (``mlflow.active_run()``, or what ``start_run`` gave)."""
    return tracking_scope().portal("runs", run.info.run_id)


def get_mlflow_tracking_uri(workspace: Workspace) -> str:
    """The same as ``workspace.get_mlflow_tracking_uri()``."""
    return workspace.get_mlflow_tracking_uri()


def register_model(run: Any, name: str, path: str, tags: Mapping[str, str] | None = None, **kwargs: Any) -> Model:
    """Register a file or folder of an MLflow run, or a model that it logged under the name ``path``.

    ``kwargs`` are those of ``Run.register_model``. Raises ``ModelPathNotFoundException`` where the run has neither.
    """
    scope = tracking_scope()
    entity = scope.client.get(scope.path(), wire.WorkspaceAnswer).workspace
    workspace = late("workspace", "Workspace")._of(scope.client, entity)
    found: Model = workspace.get_run(run.info.run_id).register_model(name, path, tags=tags, **kwargs)
    return found


def tracking_scope() -> Scope:
    """The workspace that MLflow's tracking URI names; raises ``UserErrorException`` when that is no Zaffre server."""
    mlflow = sys.modules.get("mlflow")
    uri = mlflow.get_tracking_uri() if mlflow is not None else os.environ.get(contract.MLFLOW_TRACKING_URI, "")
    parts = urlsplit(uri)
    if parts.scheme == SCHEME:
        return locate(uri)
    token = unquote(parts.password) if parts.password else os.environ.get(contract.MLFLOW_TRACKING_TOKEN)
    if parts.scheme not in ("http", "https") or not token:
        raise UserErrorException(
            f"MLflow's tracking URI {uri!r} names no Zaffre workspace: call "
            "mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())."
        )
    path = parts.path.strip("/").split("/")
    name = unquote(path[1]) if len(path) == 2 and path[0] == "workspaces" else contract.DEFAULT_WORKSPACE
    return Scope(Client(f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1]}", token), name)
