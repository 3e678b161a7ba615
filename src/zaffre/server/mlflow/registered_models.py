"""Registered models over MLflow's protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from zaffre.core.entities import ModelVersion, RegisteredModel
from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.core.filters import (
    REGISTERED_MODELS,
    Condition,
    Entity,
    Filter,
    Op,
    names_tag,
    parse_filter,
    parse_order_by,
)
from zaffre.core.names import is_alias
from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid
from zaffre.server.mlflow.registry_messages import (
    CreateModel,
    LatestVersions,
    ModelTag,
    ModelTagKey,
    OfAlias,
    OfModel,
    RenameModel,
    SearchModels,
    SetAlias,
    UpdateModel,
    version_number,
)
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.registry.events import PROMPT_TAG
from zaffre.server.store import model_stages

STAGES: Final = ("None", "Staging", "Production", "Archived")
_MOST: Final = 1000
_LONGEST_KEY: Final = 250
_LONGEST_VALUE: Final = 100_000


def create(rooms: Rooms, message: CreateModel) -> object:
    _refuse_job(message.deployment_job_id)
    tags = values.as_dict(message.tags)
    check_tags(tags)
    made = rooms.models.create(
        rooms.workspace, message.name, description=message.description or "", tags=tags, maker=rooms.asker.user_pk
    )
    return _one(rooms, made)


def get(rooms: Rooms, message: OfModel) -> object:
    return _one(rooms, rooms.models.get(rooms.workspace, message.name))


def search(rooms: Rooms, message: SearchModels) -> object:
    rooms.check_workspace()
    found = rooms.models.search(
        rooms.workspace,
        without_prompts(parse_filter(message.filter, REGISTERED_MODELS)),
        parse_order_by(message.order_by, REGISTERED_MODELS),
        hidden=rooms.permissions.hidden_models(rooms.asker, rooms.workspace),
        limit=values.page_size(message.max_results, _MOST),
        after=message.page_token or None,
    )
    latest = _latest(rooms, [model.name for model in found.items])
    return answers.without_empty(
        {
            "registered_models": [answers.registered_model(model, latest[model.name]) for model in found.items],
            "next_page_token": found.next,
        }
    )


def update(rooms: Rooms, message: UpdateModel) -> object:
    _refuse_job(message.deployment_job_id)
    return _one(rooms, rooms.models.change(rooms.workspace, message.name, description=message.description))


def rename(rooms: Rooms, message: RenameModel) -> object:
    return _one(rooms, rooms.models.rename(rooms.workspace, message.name, message.new_name))


def delete(rooms: Rooms, message: OfModel) -> object:
    rooms.models.delete(rooms.workspace, message.name)
    return {}


def set_tag(rooms: Rooms, message: ModelTag) -> object:
    check_tags({message.key: message.value})
    rooms.models.change(rooms.workspace, message.name, tags={message.key: message.value})
    return {}


def delete_tag(rooms: Rooms, message: ModelTagKey) -> object:
    rooms.models.change(rooms.workspace, message.name, remove_tags=[message.key])
    return {}


def latest_versions(rooms: Rooms, message: LatestVersions) -> object:
    """The newest version in each of the stages asked for; all stages if none is named."""
    model = rooms.models.get(rooms.workspace, message.name)
    stages = {canonical_stage(stage) for stage in message.stages} or set(STAGES)
    found = [version for version in _latest(rooms, [model.name])[model.name] if version.stage in stages]
    return answers.without_empty(
        {"model_versions": [answers.model_version(version, model.aliases) for version in found]}
    )


def set_alias(rooms: Rooms, message: SetAlias) -> object:
    alias = message.alias
    if not is_alias(alias):
        raise invalid(
            "alias",
            alias,
            "An alias has 1 to 255 letters, digits, underscores and hyphens, and is neither latest nor v<number>.",
        )
    rooms.models.set_alias(rooms.workspace, message.name, alias, version_number(message.version))
    return {}


def delete_alias(rooms: Rooms, message: OfAlias) -> object:
    rooms.models.remove_alias(rooms.workspace, message.name, message.alias)
    return {}


def get_alias(rooms: Rooms, message: OfAlias) -> object:
    model = rooms.models.get(rooms.workspace, message.name)
    if message.alias.lower() == "latest":  # which no version can be given: it always means the newest
        newest = rooms.versions.get(rooms.workspace, model.name)
        return {"model_version": answers.model_version(newest, model.aliases)}
    number = model.aliases.get(message.alias)
    if number is None:  # not a 404: clients tell it from a model that is not there
        raise InvalidValue(f"Registered model alias {message.alias} not found.", model=model.name, alias=message.alias)
    version = rooms.versions.get(rooms.workspace, model.name, number)
    return {"model_version": answers.model_version(version, model.aliases)}


def without_prompts(conditions: Filter) -> Filter:
    """Prompts are registered models by their tag; they are found only by a filter that asks for it.

    Clients ask for models that are no prompts by "the tag is not 'true'", and mean those without the tag too.
    """
    hidden = Condition(Entity.TAG, PROMPT_TAG, Op.IS_NULL, None)
    if not names_tag(conditions, PROMPT_TAG):
        return (*conditions, hidden)
    unequal = Condition(Entity.TAG, PROMPT_TAG, Op.NE, "true")
    return tuple(hidden if condition == unequal else condition for condition in conditions)


def canonical_stage(text: str) -> str:
    for stage in STAGES:
        if stage.lower() == text.lower():
            return stage
    raise InvalidValue(f"Invalid Model Version stage: {text!r}. Value must be one of {', '.join(STAGES)}.")


def check_tags(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        if len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            raise InvalidValue(
                f"The tag {key[:80]!r} is too long: a key has at most {_LONGEST_KEY} characters, a value "
                f"{_LONGEST_VALUE}."
            )


def _refuse_job(deployment_job_id: str | None) -> None:
    if deployment_job_id:
        raise Unsupported("This server has no deployment jobs. Leave deployment_job_id out.")


def _one(rooms: Rooms, model: RegisteredModel) -> answers.Json:
    latest = _latest(rooms, [model.name])[model.name]
    return {"registered_model": answers.registered_model(model, latest)}


def _latest(rooms: Rooms, names: Sequence[str]) -> dict[str, list[ModelVersion]]:
    return rooms.store.read(lambda connection: model_stages.latest(connection, rooms.workspace, names))


_AT = "2.0/mlflow/registered-models"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", f"{_AT}/create", CreateModel, create),
    Act("GET", f"{_AT}/get", OfModel, get),
    Act("GET", f"{_AT}/search", SearchModels, search),
    Act("PATCH", f"{_AT}/update", UpdateModel, update),
    Act("POST", f"{_AT}/rename", RenameModel, rename),
    Act("DELETE", f"{_AT}/delete", OfModel, delete),
    Act("POST", f"{_AT}/set-tag", ModelTag, set_tag),
    Act("DELETE", f"{_AT}/delete-tag", ModelTagKey, delete_tag),
    Act("POST", f"{_AT}/get-latest-versions", LatestVersions, latest_versions),
    Act("GET", f"{_AT}/get-latest-versions", LatestVersions, latest_versions),
    Act("POST", f"{_AT}/alias", SetAlias, set_alias),
    Act("DELETE", f"{_AT}/alias", OfAlias, delete_alias),
    Act("GET", f"{_AT}/alias", OfAlias, get_alias),
)
