"""Workspaces: made on first use by an embedded server, by hand on a team's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from zaffre.core import contract
from zaffre.core.entities import Workspace
from zaffre.core.errors import StateConflict, WorkspaceNotFound
from zaffre.core.names import check_workspace
from zaffre.core.wire import WorkspaceCreate, WorkspacePatch
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.store import datastores, workspaces
from zaffre.server.store.engine import Store


class Workspaces:
    """The acts on workspaces. ``on_first_use``: asking for a workspace that is not there makes it."""

    def __init__(self, store: Store, artifacts: ArtifactStore, *, on_first_use: bool) -> None:
        self._store = store
        self._artifacts = artifacts
        self._on_first_use = on_first_use

    def ensure_default(self) -> None:
        """The workspace that MLflow clients use at the server's root is always there."""
        self._store.write(lambda connection: _find_or_create(connection, contract.DEFAULT_WORKSPACE))

    def get(self, name: str) -> Workspace:
        return self._store.read(lambda connection: workspaces.get(connection, name))

    def get_or_create(self, name: str) -> tuple[Workspace, bool]:
        """The workspace and whether this made it; ``WorkspaceNotFound`` where it is missing and not to be made."""
        found = self._store.read(lambda connection: workspaces.find(connection, name))
        if found is not None:
            return found, False
        if not self._on_first_use:
            raise WorkspaceNotFound(
                f"There is no workspace {name!r} on this server, and a team's server makes none on first use. "
                f"Create it with Workspace.create(name={name!r}).",
                workspace=name,
            )
        check_workspace(name)
        return self._store.write(lambda connection: _find_or_create(connection, name))

    def create(self, wanted: WorkspaceCreate) -> tuple[Workspace, bool]:
        """A new workspace with its datastores; an existing one is ``WorkspaceExists`` unless ``exist_ok``."""
        check_workspace(wanted.name)
        given = {
            "subscription_id": wanted.subscription_id,
            "resource_group": wanted.resource_group,
            "location": wanted.location,
        }
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}

        def make(connection: Connection) -> tuple[Workspace, bool]:
            found = workspaces.find(connection, wanted.name) if wanted.exist_ok else None
            if found is not None:
                return found, False
            made = workspaces.create(
                connection,
                wanted.name,
                description=wanted.description,
                friendly_name=wanted.friendly_name,
                tags=wanted.tags,
                **values,
            )
            datastores.add_defaults(connection, wanted.name)
            return made, True

        return self._store.write(make)

    def change(self, name: str, patch: WorkspacePatch) -> Workspace:
        given = {
            "description": patch.description,
            "friendly_name": patch.friendly_name,
            "tags": patch.tags,
            "default_datastore": patch.default_datastore,
            "snapshot_limit_bytes": patch.snapshot_limit_bytes,
        }

        def apply(connection: Connection) -> Workspace:
            if patch.default_datastore is not None:
                datastores.get(connection, name, patch.default_datastore)
            return workspaces.change(connection, name, **{k: v for k, v in given.items() if v is not None})

        return self._store.write(apply)

    def delete(self, name: str) -> None:
        """Delete a workspace with everything in it. The default one stays."""
        if name == contract.DEFAULT_WORKSPACE:
            raise StateConflict(
                f"The workspace {name} cannot be deleted: MLflow clients without a workspace use it. "
                "Delete its experiments instead."
            )
        self._store.write(lambda connection: workspaces.remove(connection, name))
        for root in roots.of_workspace(name):
            self._artifacts.delete_root(root)


def _find_or_create(connection: Connection, name: str) -> tuple[Workspace, bool]:
    found = workspaces.find(connection, name)
    if found is not None:
        return found, False
    made = workspaces.create(connection, name)
    datastores.add_defaults(connection, name)
    return made, True
