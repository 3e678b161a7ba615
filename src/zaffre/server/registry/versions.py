"""The acts on versions of models: made from an upload, from a run's artifacts or from any folder of the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from zaffre.core.entities import Json, ModelVersion
from zaffre.core.errors import (
    InvalidValue,
    ModelInUse,
    ModelInvalid,
    ModelPathNotFoundException,
    NotFound,
    StateConflict,
)
from zaffre.core.ids import new_hex, now_ms
from zaffre.core.names import check_artifact_path, check_model, check_registered_model
from zaffre.core.wire import ModelCreate, ModelPatch
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.registry import events, run_files
from zaffre.server.store import model_versions, models, permissions, runs, uploads
from zaffre.server.store.engine import Store
from zaffre.server.store.model_versions import VersionQuery
from zaffre.server.store.paging import Found

_FORGOTTEN_MS = 7 * 24 * 3600 * 1000
Files = tuple[str, str]  # a root of the artifact store, and the file or folder in it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """What is known of a version before its files are in place."""

    name: str
    version: int | None = None  # None: the next number
    stage: str = "None"
    created_at: int | None = None  # None: now
    updated_at: int | None = None
    created_by: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    framework: str | None = None
    framework_version: str | None = None
    run_id: str | None = None
    source: str = ""
    logged_model_id: str | None = None
    resource_configuration: Json = None
    datasets: Json = None
    parent_id: str | None = None
    maker: int | None = None  # the number of the user who may manage a model that is new with this version


class Versions:
    """Register, find, change and delete versions. ``ws`` is the name of a workspace."""

    def __init__(self, store: Store, artifacts: ArtifactStore) -> None:
        self._store = store
        self._artifacts = artifacts

    def begin_upload(self, ws: str) -> str:
        """The id of an empty upload, to which files are then sent."""
        upload_id = new_hex()
        self._store.write(lambda connection: uploads.add(connection, ws, upload_id, now_ms()))
        return upload_id

    def upload_root(self, ws: str, upload_id: str) -> str:
        """Where an upload's files go; ``NotFound`` once it was registered."""
        self._store.read(lambda connection: uploads.check(connection, ws, upload_id))
        return roots.upload(upload_id)

    def end_upload(self, ws: str, upload_id: str) -> None:
        """Forget an upload and its files; ``NotFound`` when there is none."""
        root = self.upload_root(ws, upload_id)
        self._store.write(lambda connection: uploads.remove(connection, upload_id))
        self._artifacts.delete_root(root)

    def forget_uploads(self) -> None:
        """Remove uploads that were begun a week ago and never registered."""
        before = now_ms() - _FORGOTTEN_MS
        if self._store.read(lambda connection: uploads.has_before(connection, before)):
            for upload_id in self._store.write(lambda connection: uploads.remove_before(connection, before)):
                self._artifacts.delete_root(roots.upload(upload_id))

    def register(self, ws: str, wanted: ModelCreate, *, created_by: str = "", maker: int | None = None) -> ModelVersion:
        """A new version with the files of an upload, of a run, or of a model that a run logged under the path's name.

        ``ModelPathNotFoundException`` when the run has nothing at the path, ``ModelInvalid`` for an upload that is
        not one file or one folder.
        """
        check_model(wanted.name)
        new = NewVersion(
            name=wanted.name,
            created_by=created_by,
            description=wanted.description,
            tags=wanted.tags,
            properties=wanted.properties,
            framework=wanted.framework,
            framework_version=wanted.framework_version,
            run_id=wanted.run_id,
            resource_configuration=wanted.resource_configuration,
            datasets=wanted.datasets,
            maker=maker,
        )
        if wanted.framework_version is not None and wanted.framework is None:
            raise ModelInvalid("model_framework_version is given without model_framework. Name the framework too.")
        if (wanted.upload_id is None) == (wanted.run_path is None):
            raise ModelInvalid("A model comes either from an upload (upload_id) or from a run's artifacts (run_path).")
        if wanted.upload_id is not None:
            return self.register_upload(ws, new, wanted.upload_id, entry=wanted.entry, unpack=wanted.unpack)
        if wanted.run_id is None or wanted.run_path is None:
            raise ModelInvalid("run_path is given without run_id: name the run whose artifacts are meant.")
        check_artifact_path(wanted.run_path)
        found = run_files.find(self._store, self._artifacts, ws, wanted.run_id, wanted.run_path)
        new = replace(new, logged_model_id=found.logged_model_id)
        return self.register_files(ws, new, (found.root, found.path))

    def register_files(self, ws: str, new: NewVersion, files: Files | None) -> ModelVersion:
        """A new version with a copy of ``files``; with ``None`` it has no files of its own, only its ``source``."""
        if files is None:
            return self._add(ws, new, self._reserve(ws, new), entry="", unpack=False, size=0)
        root, path = files
        try:
            folder = self._artifacts.info(root, path).is_dir
        except NotFound as error:
            raise ModelPathNotFoundException(
                f"ModelPathNotFoundException: Could not locate {path!r} among the artifacts of "
                f"{'run ' + new.run_id if new.run_id else root}. Look at run.get_file_names() for what there is.",
                path=path,
                run_id=new.run_id,
            ) from error
        version = self._reserve(ws, new)
        entry = path.rstrip("/").rpartition("/")[2]
        with self._placing(ws, new.name, version) as place:
            size = self._artifacts.copy((root, path), (place, entry))
            return self._add(ws, new, version, entry=entry, unpack=folder, size=size)

    def get(self, ws: str, name: str, version: int | None = None) -> ModelVersion:
        """A version, by default the newest. Raises ``ModelNotFound``."""
        return self._store.read(lambda connection: model_versions.get(connection, ws, name, version))

    def search(self, ws: str, query: VersionQuery, *, limit: int, after: str | None = None) -> Found[ModelVersion]:
        return self._store.read(
            lambda connection: model_versions.search(connection, ws, query, limit=limit, after=after)
        )

    def change(self, ws: str, name: str, version: int, patch: ModelPatch) -> ModelVersion:
        """Set what is given. A property that is set never changes: ``StateConflict``."""
        given = {
            "description": patch.description,
            "framework": patch.framework,
            "framework_version": patch.framework_version,
            "resource_configuration": patch.resource_configuration,
            "datasets": patch.datasets,
        }
        values = {key: value for key, value in given.items() if value is not None}

        def apply(connection: Connection) -> ModelVersion:
            pk = model_versions.key_of(connection, ws, name, version)
            check_added(model_versions.properties_of(connection, pk), patch.properties or {}, f"model {name}:{version}")
            model_versions.set_tags(connection, pk, patch.tags or {})
            gone = [key for key in patch.remove_tags or [] if model_versions.remove_tags(connection, pk, [key])]
            model_versions.add_properties(connection, pk, patch.properties or {})
            changed = self._touch(connection, ws, name, version, values)
            events.version_tags(connection, ws, changed, patch.tags or {}, gone)
            return changed

        return self._store.write(apply)

    def remove_tag(self, ws: str, name: str, version: int, key: str) -> bool:
        """Whether there was such a tag."""

        def apply(connection: Connection) -> bool:
            pk = model_versions.key_of(connection, ws, name, version)
            found = model_versions.remove_tags(connection, pk, [key]) == 1
            if found:
                version_ = model_versions.get(connection, ws, name, version)
                events.version_tags(connection, ws, version_, {}, [key])
            return found

        return self._store.write(apply)

    def set_stage(self, ws: str, name: str, version: int, stage: str, *, archive_existing: bool) -> ModelVersion:
        """Move a version to a stage; with ``archive_existing`` those that are in it become Archived."""

        def apply(connection: Connection) -> ModelVersion:
            model_versions.key_of(connection, ws, name, version)
            if archive_existing:
                model_versions.archive_stage(connection, ws, name, stage, now_ms())
            return self._touch(connection, ws, name, version, {"stage": stage})

        return self._store.write(apply)

    def delete(self, ws: str, name: str, version: int) -> None:
        """Delete a version with its files; its number is never given again. ``ModelInUse`` while a service uses it."""

        def apply(connection: Connection) -> None:
            pk = model_versions.key_of(connection, ws, name, version)
            refuse_if_used(connection, ws, name, version)
            model_versions.remove(connection, pk)
            models.remove_aliases_of(connection, models.key_of(connection, ws, name), version)

        self._store.write(apply)
        self._artifacts.delete_root(roots.model(ws, name, version))

    def register_upload(
        self, ws: str, new: NewVersion, upload_id: str, *, entry: str | None = None, unpack: bool = False
    ) -> ModelVersion:
        """A new version with the files of an upload: one file or one folder, named ``entry`` if that is given."""
        root = self.upload_root(ws, upload_id)
        top = self._artifacts.listing(root, recursive=False)
        if len(top) != 1 or entry not in (None, top[0].path):
            names = ", ".join(repr(info.path) for info in top) or "nothing"
            raise ModelInvalid(
                f"A model is one file or one folder, but the upload holds {names}. Put the files into one folder.",
                upload_id=upload_id,
            )
        if unpack and not top[0].is_dir:
            raise ModelInvalid(f"{top[0].path!r} is one file: there is nothing to unpack.", upload_id=upload_id)
        size = sum(info.size or 0 for info in self._artifacts.listing(root))
        version = self._reserve(ws, new)
        with self._placing(ws, new.name, version) as place:
            self._artifacts.move_root(root, place)
            made = self._add(ws, new, version, entry=top[0].path, unpack=top[0].is_dir, size=size)
        self._store.write(lambda connection: uploads.remove(connection, upload_id))
        return made

    @contextmanager
    def _placing(self, ws: str, name: str, version: int) -> Iterator[str]:
        """Where the files of a new version go; they go away again when it does not come to be."""
        place = roots.model(ws, name, version)
        try:
            yield place
        except BaseException:
            self._artifacts.delete_root(place)
            raise

    def _reserve(self, ws: str, new: NewVersion) -> int:
        """The number of the new version. Files come to their place before the row that shows them is written."""
        check_registered_model(new.name)

        def apply(connection: Connection) -> int:
            if new.run_id is not None:
                runs.key_of(connection, ws, new.run_id)
            pk = models.find_key(connection, ws, new.name)
            if pk is None:
                pk = models.add(connection, ws, new.name, now_ms())
                permissions.put_maker(connection, new.maker, model_pk=pk)
                events.model_created(connection, models.get(connection, ws, new.name))
            if new.version is not None:
                return model_versions.claim_number(connection, pk, new.version)
            return model_versions.next_number(connection, pk)

        return self._store.write(apply)

    def _add(self, ws: str, new: NewVersion, version: int, *, entry: str, unpack: bool, size: int) -> ModelVersion:
        now = now_ms()
        values: dict[str, Any] = {
            "version": version,
            "created_at": now if new.created_at is None else new.created_at,
            "updated_at": now if new.updated_at is None else new.updated_at,
            "stage": new.stage,
            "created_by": new.created_by,
            "description": new.description,
            "framework": new.framework,
            "framework_version": new.framework_version,
            "run_id": new.run_id,
            "source": new.source,
            "logged_model_id": new.logged_model_id,
            "entry": entry,
            "unpack": int(unpack),
            "size": size,
            "resource_configuration": new.resource_configuration,
            "datasets": new.datasets,
            "parent_id": new.parent_id,
        }

        def apply(connection: Connection) -> ModelVersion:
            if new.run_id is not None:
                key = runs.key_of(connection, ws, new.run_id)
                values["experiment_name"] = runs.get(connection, key.pk).experiment_name
            pk = models.key_of(connection, ws, new.name)
            model_versions.add(connection, pk, new.tags, new.properties, values)
            made = model_versions.get(connection, ws, new.name, version)
            events.version_created(connection, ws, made)
            return made

        return self._store.write(apply)

    def _touch(
        self, connection: Connection, ws: str, name: str, version: int, values: Mapping[str, Any]
    ) -> ModelVersion:
        now = now_ms()
        pk = model_versions.key_of(connection, ws, name, version)
        model_versions.change(connection, pk, updated_at=now, **values)
        models.change(connection, models.key_of(connection, ws, name), updated_at=now)
        return model_versions.get(connection, ws, name, version)


def check_added(known: Mapping[str, str], added: Mapping[str, str], where: str) -> None:
    """Raise ``StateConflict`` if a property in ``added`` is set already, to something else."""
    for key, value in added.items():
        if known.get(key, value) != value:
            raise StateConflict(
                f"Property {key!r} of {where} is set to {known[key]!r} and never changes. Use a tag for what changes.",
                property=key,
            )


def refuse_if_used(connection: Connection, ws: str, name: str, version: int | None = None) -> None:
    """Raise ``ModelInUse`` if a live service was given the version, or any version of the model."""
    users: Sequence[str] = model_versions.services_using(connection, ws, name, version)
    if users:
        which = name if version is None else f"{name}:{version}"
        raise ModelInUse(
            f"Model {which} cannot be deleted: it is used by {', '.join(users)}. Delete or update the service first.",
            services=list(users),
        )


def check_version(text: str) -> int:
    """A version in a path or in ``name:version`` as a number."""
    if not (text.isdecimal() and len(text) <= 18):
        raise InvalidValue(f"{text!r} is not a model version: it is a whole number from 1.")
    return int(text)
