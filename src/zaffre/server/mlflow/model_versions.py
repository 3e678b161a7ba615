"""Versions of registered models over MLflow's protocol. They are the same rows that ``azureml.core.Model`` shows."""

from __future__ import annotations

from typing import Any, Final

from zaffre.core.entities import ModelVersion
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import MODEL_VERSIONS, parse_filter, parse_order_by
from zaffre.core.wire import ModelPatch
from zaffre.server.accounts.permissions import Deed
from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.locations import version_uri
from zaffre.server.mlflow.registered_models import canonical_stage, check_tags, without_prompts
from zaffre.server.mlflow.registry_messages import (
    CreateVersion,
    OfVersion,
    SearchVersions,
    TransitionStage,
    UpdateVersion,
    VersionTag,
    VersionTagKey,
)
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.mlflow.sources import resolve
from zaffre.server.registry.versions import NewVersion
from zaffre.server.store.model_versions import VersionQuery
from zaffre.server.store.permissions import Kind, Thing

_MOST: Final = 200_000
_ORDER: Final = ("last_updated_timestamp DESC", "name", "version_number DESC")
_ACTIVE: Final = ("Staging", "Production")


def create(rooms: Rooms, message: CreateVersion) -> object:
    """Register a version: its files are copied to where every door finds them, so it outlives its run."""
    model = rooms.models.get(rooms.workspace, message.name)
    tags = values.as_dict(message.tags)
    check_tags(tags)
    if message.run_id:
        rooms.permissions.check(rooms.asker, rooms.workspace, Deed.READ, [Thing(Kind.RUN, message.run_id)])
    source = resolve(rooms, message, model)
    new = NewVersion(
        name=model.name,
        created_by=rooms.user,
        maker=rooms.asker.user_pk,
        description=message.description or "",
        tags=tags,
        run_id=source.run_id,
        source=message.source,
        logged_model_id=source.model_id,
    )
    return _one(rooms, rooms.versions.register_files(rooms.workspace, new, source.files))


def get(rooms: Rooms, message: OfVersion) -> object:
    return _one(rooms, rooms.versions.get(rooms.workspace, message.name, message.number))


def search(rooms: Rooms, message: SearchVersions) -> object:
    rooms.check_workspace()
    query = VersionQuery(
        filter=without_prompts(parse_filter(message.filter, MODEL_VERSIONS)),
        order=parse_order_by(message.order_by or _ORDER, MODEL_VERSIONS),
        hidden=rooms.permissions.hidden_models(rooms.asker, rooms.workspace),
    )
    limit = values.page_size(message.max_results, _MOST)
    found = rooms.versions.search(rooms.workspace, query, limit=limit, after=message.page_token or None)
    aliases = {name: rooms.models.get(rooms.workspace, name).aliases for name in {item.name for item in found.items}}
    return answers.without_empty(
        {
            "model_versions": [answers.model_version(item, aliases[item.name]) for item in found.items],
            "next_page_token": found.next,
        }
    )


def update(rooms: Rooms, message: UpdateVersion) -> object:
    patch = ModelPatch(description=message.description)
    return _one(rooms, rooms.versions.change(rooms.workspace, message.name, message.number, patch))


def transition(rooms: Rooms, message: TransitionStage) -> object:
    stage = canonical_stage(message.stage)
    if message.archive_existing_versions and stage not in _ACTIVE:
        raise InvalidValue(
            f"archive_existing_versions goes with the stages {' and '.join(_ACTIVE)}; {stage!r} is none of them."
        )
    changed = rooms.versions.set_stage(
        rooms.workspace, message.name, message.number, stage, archive_existing=message.archive_existing_versions
    )
    return _one(rooms, changed)


def delete(rooms: Rooms, message: OfVersion) -> object:
    rooms.versions.delete(rooms.workspace, message.name, message.number)
    return {}


def download_uri(rooms: Rooms, message: OfVersion) -> object:
    """Where the files are; for a version registered through any door."""
    version = rooms.versions.get(rooms.workspace, message.name, message.number)
    return {"artifact_uri": version_uri(version.name, version.version) if version.entry else version.source}


def set_tag(rooms: Rooms, message: VersionTag) -> object:
    check_tags({message.key: message.value})
    patch = ModelPatch(tags={message.key: message.value})
    rooms.versions.change(rooms.workspace, message.name, message.number, patch)
    return {}


def delete_tag(rooms: Rooms, message: VersionTagKey) -> object:
    rooms.versions.remove_tag(rooms.workspace, message.name, message.number, message.key)
    return {}


def _one(rooms: Rooms, version: ModelVersion) -> answers.Json:
    aliases = rooms.models.get(rooms.workspace, version.name).aliases
    return {"model_version": answers.model_version(version, aliases)}


_AT = "2.0/mlflow/model-versions"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", f"{_AT}/create", CreateVersion, create),
    Act("GET", f"{_AT}/get", OfVersion, get),
    Act("GET", f"{_AT}/search", SearchVersions, search),
    Act("PATCH", f"{_AT}/update", UpdateVersion, update),
    Act("POST", f"{_AT}/transition-stage", TransitionStage, transition),
    Act("DELETE", f"{_AT}/delete", OfVersion, delete),
    Act("GET", f"{_AT}/get-download-uri", OfVersion, download_uri),
    Act("POST", f"{_AT}/set-tag", VersionTag, set_tag),
    Act("DELETE", f"{_AT}/delete-tag", VersionTagKey, delete_tag),
)
