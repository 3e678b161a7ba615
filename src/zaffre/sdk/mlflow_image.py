"""``build_image``: an image of an MLflow model, as ``mlflow.azureml.build_image`` made it up to MLflow 1.x."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.sdk import mlflow_service
from zaffre.sdk.image import Image
from zaffre.sdk.image_config import GivenConfig
from zaffre.sdk.model import Model

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace


def build_image(
    model_uri: str,
    workspace: Workspace,
    image_name: str | None = None,
    model_name: str | None = None,
    mlflow_home: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    synchronous: bool = True,
) -> tuple[Image, Model]:
    """Register the MLflow model at ``model_uri`` and make an image that serves it; returns both.

    ``model_uri``: ``runs:/<run id>/<path>``, ``models:/<name>/<version>``, or a folder of this machine. Without
    ``synchronous`` call ``image.wait_for_creation()``. Raises ``InvalidValue`` for another address, and what
    ``Image.create`` raises.
    """
    if mlflow_home is not None:
        raise Unsupported(
            "An image with another MLflow than the model asks for is not supported: leave mlflow_home out."
        )
    made = uuid.uuid4().hex[:8]
    model = _registered(workspace, model_uri, model_name or f"mlflow-model-{made}", tags)
    name = image_name or f"mlflow-image-{made}"
    config = mlflow_service.inference_config(workspace, name, [model])
    image = Image.create(workspace, name, [model], GivenConfig(config, tags, description))
    if synchronous:
        image.wait_for_creation(show_output=True)
    return image, model


def _registered(workspace: Workspace, uri: str, name: str, tags: Mapping[str, str] | None) -> Model:
    if match := re.fullmatch(r"runs:/+([^/]+)/(.+)", uri):
        return workspace.get_run(match[1]).register_model(name, match[2].rstrip("/"), tags=tags)
    if match := re.fullmatch(r"models:/+([^/]+)/(\d+)", uri):
        return Model(workspace, name=match[1], version=int(match[2]))
    parts = urlsplit(uri)
    path = Path(unquote(parts.path) if parts.scheme == "file" else uri)
    if parts.scheme in ("", "file") and (path / "MLmodel").is_file():
        return Model.register(workspace, str(path), name, tags=tags)
    raise InvalidValue(
        f"{uri!r} is no MLflow model: pass runs:/<run id>/<path>, models:/<name>/<version>, or the folder of one."
    )
