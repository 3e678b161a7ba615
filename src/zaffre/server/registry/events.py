"""What the registry tells webhooks, written down in the transaction of the act.

The names are those of MLflow's protocol, which calls a registered model with a certain tag a prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection

from zaffre.core.entities import ModelVersion, RegisteredModel
from zaffre.server.store import models
from zaffre.server.store.webhooks import publish

PROMPT_TAG: Final = "mlflow.prompt.is_prompt"
_TEXT_TAG: Final = "mlflow.prompt.text"
_OWN_TAGS: Final = frozenset({PROMPT_TAG, _TEXT_TAG, "_mlflow_prompt_type"})


def is_prompt(model: RegisteredModel) -> bool:
    return model.tags.get(PROMPT_TAG, "").lower() == "true"


def model_created(connection: Connection, model: RegisteredModel) -> None:
    entity = "prompt" if is_prompt(model) else "registered_model"
    tags = _own(model.tags) if is_prompt(model) else model.tags
    data = {"name": model.name, "tags": tags, "description": model.description}
    publish(connection, model.workspace, entity, "created", data)


def model_tags(
    connection: Connection, model: RegisteredModel, added: Mapping[str, str], removed: Iterable[str]
) -> None:
    """Tags of prompts only: the protocol has no event for those of other models."""
    if is_prompt(model):
        for key, value in added.items():
            data = {"name": model.name, "key": key, "value": value}
            publish(connection, model.workspace, "prompt_tag", "set", data)
        for key in removed:
            publish(connection, model.workspace, "prompt_tag", "deleted", {"name": model.name, "key": key})


def alias_created(connection: Connection, model: RegisteredModel, alias: str, version: int) -> None:
    data = {"name": model.name, "alias": alias, "version": str(version)}
    publish(connection, model.workspace, _alias(model), "created", data)


def alias_deleted(connection: Connection, model: RegisteredModel, alias: str) -> None:
    publish(connection, model.workspace, _alias(model), "deleted", {"name": model.name, "alias": alias})


def version_created(connection: Connection, ws: str, version: ModelVersion) -> None:
    data = {"name": version.name, "version": str(version.version)}
    described = version.description or None
    if is_prompt(models.get(connection, ws, version.name)):
        template = version.tags.get(_TEXT_TAG, "")
        told = {**data, "template": template, "tags": _own(version.tags), "description": described}
        publish(connection, ws, "prompt_version", "created", told)
    else:
        known = {"source": version.source, "run_id": version.run_id, "tags": version.tags, "description": described}
        publish(connection, ws, "model_version", "created", {**data, **known})


def version_tags(
    connection: Connection, ws: str, version: ModelVersion, added: Mapping[str, str], removed: Iterable[str]
) -> None:
    prompt = is_prompt(models.get(connection, ws, version.name))
    entity = "prompt_version_tag" if prompt else "model_version_tag"
    data = {"name": version.name, "version": str(version.version)}
    for key, value in added.items():
        publish(connection, ws, entity, "set", {**data, "key": key, "value": value})
    for key in removed:
        publish(connection, ws, entity, "deleted", {**data, "key": key})


def _alias(model: RegisteredModel) -> str:
    return "prompt_alias" if is_prompt(model) else "model_version_alias"


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    """Without the tags that the protocol itself keeps on prompts."""
    return {key: value for key, value in tags.items() if key not in _OWN_TAGS}
