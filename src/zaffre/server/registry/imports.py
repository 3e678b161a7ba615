"""The acts on registered models that were made elsewhere: with their numbers, stages, aliases and times."""

from __future__ import annotations

from sqlalchemy import Connection

from zaffre.core.entities import ModelVersion, RegisteredModel
from zaffre.core.errors import InvalidValue, ModelInvalid, ModelNotFound, NotFound
from zaffre.core.imports import ModelVersionImport, ModelVersionImported, RegisteredModelImport
from zaffre.core.names import check_artifact_path, check_registered_model
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.registry import run_files
from zaffre.server.registry.versions import Files, NewVersion, Versions
from zaffre.server.store import logged_models, models, permissions, runs
from zaffre.server.store.engine import Store

STAGES = ("None", "Staging", "Production", "Archived")


class RegistryImports:
    """Take over registered models and their versions. Each act may be repeated. ``ws`` is the name of a workspace."""

    def __init__(self, store: Store, artifacts: ArtifactStore, versions: Versions) -> None:
        self._store = store
        self._artifacts = artifacts
        self._versions = versions

    def model(self, ws: str, given: RegisteredModelImport, *, maker: int | None = None) -> RegisteredModel:
        """The model of that name with what is given. Raises ``ModelNotFound`` for an alias of a version it lacks."""
        check_registered_model(given.name)
        for alias, number in given.aliases.items():
            self._versions.get(ws, given.name, number)
            if not alias:
                raise InvalidValue(f"An alias of model {given.name!r} is empty: leave it out.")

        def take(connection: Connection) -> RegisteredModel:
            pk = models.find_key(connection, ws, given.name)
            if pk is None:
                pk = models.add(connection, ws, given.name, given.created_at)
                permissions.put_maker(connection, maker, model_pk=pk)
            models.set_tags(connection, pk, given.tags)
            for alias, number in given.aliases.items():
                models.set_alias(connection, pk, alias, number)
            models.change(
                connection,
                pk,
                description=given.description,
                created_at=given.created_at,
                updated_at=given.updated_at,
            )
            return models.get(connection, ws, given.name)

        return self._store.write(take)

    def version(self, ws: str, given: ModelVersionImport, *, maker: int | None = None) -> ModelVersionImported:
        """The version with that number. Raises ``AlreadyExists`` where another was made with it at another time."""
        if given.version < 1:
            raise InvalidValue(f"{given.version} is not a version of a model: it is a whole number from 1.")
        if given.stage not in STAGES:
            raise InvalidValue(f"{given.stage!r} is not a stage: use one of {', '.join(STAGES)}.")
        try:
            known = self._versions.get(ws, given.name, given.version)
        except ModelNotFound:
            return ModelVersionImported(version=self._make(ws, given, maker), created=True)
        if known.created_at != given.created_at:
            raise ModelInvalid(
                f"Workspace {ws!r} has another version {given.version} of model {given.name!r}. Import into another "
                "workspace, or rename one of the two models.",
                model=given.name,
            )
        return ModelVersionImported(version=known, created=False)

    def _make(self, ws: str, given: ModelVersionImport, maker: int | None) -> ModelVersion:
        new = NewVersion(
            name=given.name,
            version=given.version,
            created_at=given.created_at,
            updated_at=given.updated_at,
            created_by=given.created_by,
            description=given.description,
            tags=given.tags,
            stage=given.stage,
            run_id=self._known_run(ws, given.run_id),
            source=given.source,
            logged_model_id=given.logged_model_id,
            maker=maker,
        )
        if given.upload_id is not None:
            return self._versions.register_upload(ws, new, given.upload_id)
        return self._versions.register_files(ws, new, self._files(ws, given))

    def _files(self, ws: str, given: ModelVersionImport) -> Files | None:
        if given.run_path is not None:
            if given.run_id is None:
                raise ModelInvalid("run_path is given without run_id: name the run whose artifacts are meant.")
            found = run_files.find(self._store, self._artifacts, ws, given.run_id, check_artifact_path(given.run_path))
            return found.root, found.path
        if given.logged_model_id is None or given.logged_model_path is None:
            return None
        inner = check_artifact_path(given.logged_model_path) if given.logged_model_path else ""
        model_id = given.logged_model_id
        self._store.read(lambda connection: logged_models.get(connection, ws, model_id, deleted=True))
        return roots.logged_model(ws, model_id), f"{run_files.MODEL_FOLDER}/{inner}".rstrip("/")

    def _known_run(self, ws: str, run_id: str | None) -> str | None:
        """A version may name a run that is not imported, or was deleted for good."""
        if run_id is None:
            return None
        try:
            return self._store.read(lambda connection: runs.key_of(connection, ws, run_id)).id
        except NotFound:
            return None
