"""From the source that a client registers a model version from to the files of it.

This is where a client could name what is not its own: a source is taken only if it leads to files of this workspace,
and to those of the run or logged model that the request itself names, if it names one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from zaffre.core.entities import RegisteredModel
from zaffre.core.errors import InvalidValue, NotFound
from zaffre.server.artifacts import roots
from zaffre.server.mlflow.locations import SCHEME, Owner, Place, check_path, place_of_uri
from zaffre.server.mlflow.places import Folder, folder_of
from zaffre.server.mlflow.registry_messages import CreateVersion
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.registry import run_files
from zaffre.server.registry.events import PROMPT_TAG

_PROMPT_SOURCES: Final = ("dummy-source", "prompt-template")  # what clients write for a prompt, which has no files
_LOGGED: Final = re.compile(r"models:/(m-[0-9a-zA-Z]+)(?:/(?P<path>.+))?")
_NUMBERED: Final = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>\d{1,18})")
_ALIASED: Final = re.compile(r"models:/(?P<name>[^/@]+)@(?P<alias>[\w\-]+)")
_OF_RUN: Final = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Source:
    files: tuple[str, str] | None  # a root and a path in the artifact store; None: nothing but a prompt's tags
    run_id: str | None = None
    model_id: str | None = None


def resolve(rooms: Rooms, message: CreateVersion, model: RegisteredModel) -> Source:
    """Where the files of the new version are. Raises ``InvalidValue`` or ``NotFound``."""
    uri = message.source
    if uri in _PROMPT_SOURCES and PROMPT_TAG in model.tags:
        return Source(None, message.run_id or None, message.model_id or None)
    if uri.startswith("models:/"):
        return _of_model(rooms, uri, message)
    if uri.startswith("runs:/"):
        place = _of_run(rooms, uri)
    elif uri.startswith(SCHEME):
        place = place_of_uri(uri)
    else:
        raise InvalidValue(
            f"Invalid model version source: {uri!r}. It must be runs:/<run id>/<path>, models:/<logged model id>, "
            "models:/<name>/<version> or an artifact URI of this server. Log files from elsewhere to a run first.",
            source=uri,
        )
    return _checked(rooms, place, message)


def _of_model(rooms: Rooms, uri: str, message: CreateVersion) -> Source:
    if logged := _LOGGED.fullmatch(uri):
        model = rooms.tracking.get_logged_model(rooms.workspace, logged[1])
        path = check_path(logged["path"]) if logged["path"] else ""
        return _checked(rooms, Place(Owner.LOGGED_MODEL, model.id, path, model.experiment_id), message)
    if numbered := _NUMBERED.fullmatch(uri):
        return _checked(rooms, Place(Owner.VERSION, numbered["name"], "", version=int(numbered["version"])), message)
    if aliased := _ALIASED.fullmatch(uri):
        number = rooms.models.version_of_alias(rooms.workspace, aliased["name"], aliased["alias"])
        return _checked(rooms, Place(Owner.VERSION, aliased["name"], "", version=number), message)
    raise InvalidValue(
        f"Invalid model version source: {uri!r}. Write models:/<logged model id>, models:/<name>/<version> or "
        "models:/<name>@<alias>.",
        source=uri,
    )


def _of_run(rooms: Rooms, uri: str) -> Place:
    found = _OF_RUN.fullmatch(uri)
    if found is None:
        raise InvalidValue(f"Invalid model version source: {uri!r}. Write runs:/<run id>/<path>.", source=uri)
    run = rooms.tracking.get_run(rooms.workspace, found["run"])
    return Place(Owner.RUN, run.id, check_path(found["path"].rstrip("/")), run.experiment_id)


def _checked(rooms: Rooms, place: Place, message: CreateVersion) -> Source:
    """The source at ``place``, if that is in the run or logged model that the request names."""
    _check_owner(place, Owner.RUN, message.run_id, message.source)
    _check_owner(place, Owner.LOGGED_MODEL, message.model_id, message.source)
    if place.owner is Owner.TRACE:
        raise InvalidValue(
            f"Invalid model version source: {message.source!r} is among the files of a trace. Name a model's folder.",
            source=message.source,
        )
    if place.owner is Owner.RUN and not place.path:
        raise InvalidValue(
            f"Invalid model version source: {message.source!r} is all of a run's files. Name the model's folder.",
            source=message.source,
        )
    if place.owner is Owner.RUN:
        folder_of(rooms, place)  # the run is there, and in the experiment that the URI names
        found = run_files.find(rooms.store, rooms.artifacts, rooms.workspace, place.id, place.path)
        return Source((found.root, found.path), place.id, message.model_id or found.logged_model_id)
    if place.owner is Owner.LOGGED_MODEL:
        model = rooms.tracking.get_logged_model(rooms.workspace, place.id)
        run_id, model_id = message.run_id or _known_run(rooms, model.source_run_id), model.id
    else:
        folder_of(rooms, place)  # which whoever asks may read
        version = rooms.versions.get(rooms.workspace, place.id, place.version)
        # The files of a version registered by another door may be one file: then it, not its folder, is copied.
        folder = Folder(roots.model(rooms.workspace, version.name, version.version), version.entry)
        known = version.logged_model_id
        return Source((folder.root, folder.path), message.run_id or version.run_id, message.model_id or known)
    folder = folder_of(rooms, place)
    return Source((folder.root, folder.path), run_id, model_id)


def _check_owner(place: Place, owner: Owner, given: str | None, source: str) -> None:
    if given and place.owner is owner and place.id != given:
        raise InvalidValue(
            f"Invalid model version source: {source!r} is not among the files of {owner.value} {given}.", source=source
        )


def _known_run(rooms: Rooms, run_id: str | None) -> str | None:
    """A logged model may name a run that this server never saw."""
    if run_id is None:
        return None
    try:
        return rooms.tracking.get_run(rooms.workspace, run_id).id
    except NotFound:
        return None
