"""From what a URI names to the folder of the artifact store, with the checks that it exists and may be changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from zaffre.core.entities import LoggedModel
from zaffre.core.errors import NotFound, PermissionDenied, StateConflict
from zaffre.server.accounts.permissions import Deed
from zaffre.server.artifacts import roots
from zaffre.server.mlflow.locations import Owner, Place
from zaffre.server.mlflow.permits import owner_of
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.registry.run_files import MODEL_FOLDER
from zaffre.server.store import logged_models, model_versions, runs, traces


@dataclass(frozen=True, slots=True)
class Folder:
    """A file or folder of the artifact store; ``path`` may be empty, which is all of ``root``."""

    root: str
    path: str

    def below(self, path: str) -> Folder:
        return Folder(self.root, f"{self.path}/{path}".strip("/"))


def folder_of(rooms: Rooms, place: Place, deed: Deed = Deed.READ) -> Folder:
    """Where ``place`` is kept, for who may do this there. Raises ``NotFound`` for what this workspace does not have."""
    rooms.permissions.check(rooms.asker, rooms.workspace, deed, [owner_of(place)])
    writing = deed is not Deed.READ
    return rooms.store.read(lambda connection: _folder(connection, rooms.workspace, place, writing))


def _folder(connection: Connection, ws: str, place: Place, writing: bool) -> Folder:
    if place.owner is Owner.RUN:
        run = runs.key_of(connection, ws, place.id)
        _check_experiment(place, run.experiment_id)
        if writing and run.archived:
            raise StateConflict(
                f"The run {run.id} must be in the 'active' state. Current state is deleted. Restore it first."
            )
        return Folder(roots.run(ws, run.id), place.path)
    if place.owner is Owner.LOGGED_MODEL:
        model = logged_models.get(connection, ws, place.id, deleted=not writing)
        _check_experiment(place, model.experiment_id)
        return logged_model_folder(model).below(place.path)
    if place.owner is Owner.TRACE:
        trace = traces.key_of(connection, ws, place.id)
        _check_experiment(place, trace.experiment_id)
        return Folder(roots.trace(ws, trace.id), place.path)
    version = model_versions.get(connection, ws, place.id, place.version)
    if writing:
        raise PermissionDenied(
            f"The files of version {version.version} of model {version.name!r} never change. Register a new version."
        )
    start = Folder(roots.model(ws, version.name, version.version), version.entry if version.unpack else "")
    return start.below(place.path)


def logged_model_folder(model: LoggedModel) -> Folder:
    """Its files lie in one folder of its root, which gives a registered version's folder its name."""
    return Folder(roots.logged_model(model.workspace, model.id), MODEL_FOLDER)


def _check_experiment(place: Place, experiment_id: int) -> None:
    if place.experiment_id != experiment_id:
        raise NotFound(f"Experiment {place.experiment_id} has no {place.owner.value} {place.id}.", id=place.id)
