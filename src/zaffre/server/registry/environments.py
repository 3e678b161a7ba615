"""The acts on named environments: every version is immutable, and the same content is the same version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import Connection

from zaffre.core.entities import EnvironmentVersion, Json
from zaffre.core.errors import InvalidValue, StateConflict
from zaffre.core.ids import now_ms
from zaffre.core.names import check_environment
from zaffre.environments import curated
from zaffre.server.store import environments
from zaffre.server.store.engine import Store
from zaffre.server.store.workspaces import key_of

_NOT_CONTENT = ("name", "version", "assetId")


class Environments:
    """Register, find and label environments. ``ws`` is the name of a workspace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, ws: str, name: str, definition: Json, version: str | None = None) -> EnvironmentVersion:
        """The version that has this content, made if there is none.

        ``version`` names the one to make; ``StateConflict`` when it exists with another content.
        """
        check_environment(name)
        if not isinstance(definition, Mapping):
            raise InvalidValue(f"The definition of environment {name} is not an object: send azureml_environment.json.")
        if version is not None and not (version and len(version) <= 255 and "/" not in version):
            raise InvalidValue(f"{version!r} is not an environment version: use 1 to 255 characters and no slash.")
        content_hash = content_of(definition)

        def apply(connection: Connection) -> EnvironmentVersion:
            wanted = version
            if wanted is None:
                same = environments.find_content(connection, ws, name, content_hash)
                if same is not None:
                    return same
                wanted = _next(connection, ws, name)
            known = environments.find(connection, ws, name, wanted)
            if known is None:
                environments.add(connection, ws, name, wanted, definition, content_hash, now_ms())
            elif known.content_hash != content_hash:
                raise StateConflict(
                    f"Version {wanted} of environment {name} exists with another content, and versions never change. "
                    "Leave the version out to register the next one.",
                    environment=name,
                    version=wanted,
                )
            return _must_find(connection, ws, name, wanted)

        return self._store.write(apply)

    def get(self, ws: str, name: str, version: str | None = None, label: str | None = None) -> EnvironmentVersion:
        """A version by its number or by a label, by default the label "latest"; else a curated one.

        Raises ``NotFound``.
        """
        if version is not None and label is not None:
            raise InvalidValue("Name a version or a label of the environment, not both.")

        def find(connection: Connection) -> EnvironmentVersion:
            known = curated_version(ws, name)
            is_known = known is not None and version in (None, known.version) and label in (None, environments.LATEST)
            if known is not None and is_known and not environments.numbers(connection, ws, name):
                key_of(connection, ws)
                return known
            if version is not None:
                return _must_find(connection, ws, name, version)
            wanted = label or environments.LATEST
            pointed = environments.version_of_label(connection, ws, name, wanted)
            if pointed is None:
                environments.versions(connection, ws, name)
                raise environments.missing(ws, name, f" with the label {wanted!r}")
            return _must_find(connection, ws, name, pointed)

        return self._store.read(find)

    def label(self, ws: str, name: str, version: str, labels: list[str]) -> EnvironmentVersion:
        """Point labels at a version; "latest" is the server's own."""
        if environments.LATEST in labels:
            raise InvalidValue('The label "latest" always points at the version registered last: choose another.')
        for label in labels:
            check_environment(label)

        def apply(connection: Connection) -> EnvironmentVersion:
            _must_find(connection, ws, name, version)
            for label in labels:
                environments.set_label(connection, ws, name, label, version)
            return _must_find(connection, ws, name, version)

        return self._store.write(apply)

    def delete(self, ws: str, name: str, version: str) -> None:
        """Delete a version and its labels; "latest" then points at the newest that is left. Raises ``NotFound``."""

        def apply(connection: Connection) -> None:
            _must_find(connection, ws, name, version)
            environments.delete(connection, ws, name, version)

        self._store.write(apply)

    def versions(self, ws: str, name: str) -> list[EnvironmentVersion]:
        """The newest first; a curated one has one. Raises ``NotFound``."""

        def find(connection: Connection) -> list[EnvironmentVersion]:
            known = curated_version(ws, name)
            if known is not None and not environments.numbers(connection, ws, name):
                key_of(connection, ws)
                return [known]
            return environments.versions(connection, ws, name)

        return self._store.read(find)

    def latest(self, ws: str, *, with_curated: bool = False) -> list[EnvironmentVersion]:
        """The newest version of every environment, by name."""
        found = self._store.read(lambda connection: environments.latest(connection, ws))
        if with_curated:
            names = {one.name for one in found}
            made = (curated_version(ws, name) for name in curated.names() if name not in names)
            found = sorted([*found, *filter(None, made)], key=lambda one: one.name)
        return found


def curated_version(ws: str, name: str) -> EnvironmentVersion | None:
    """The version that a curated name stands for; None for any other name."""
    definition = curated.find(name)
    if definition is None:
        return None
    return EnvironmentVersion(
        workspace=ws,
        name=name,
        version=definition["version"],
        created_at=0,
        definition=definition,
        content_hash=content_of(definition),
        labels=[environments.LATEST],
        curated=True,
    )


def content_of(definition: Mapping[str, Json]) -> str:
    """The hash of what a definition says, whatever its name and the order of its keys."""
    content = {key: value for key, value in definition.items() if key not in _NOT_CONTENT}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _must_find(connection: Connection, ws: str, name: str, version: str) -> EnvironmentVersion:
    found = environments.find(connection, ws, name, version)
    if found is None:
        raise environments.missing(ws, name, f" version {version!r}")
    return found


def _next(connection: Connection, ws: str, name: str) -> str:
    numbers = [int(one) for one in environments.numbers(connection, ws, name) if one.isdecimal()]
    return str(max(numbers, default=0) + 1)
