"""Logged models, and registered models with their versions: rows, files, and what points at them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import entities, imports
from zaffre.core.errors import AzureMLException, NotFound
from zaffre.core.wire import number_to_wire
from zaffre.sdk.migration.files import copy_files
from zaffre.sdk.migration.source import Source
from zaffre.sdk.migration.tally import Counted, Tally
from zaffre.sdk.migration.target import Target
from zaffre.sdk.migration.watch import Watch

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

_PROMPT: Final = "mlflow.prompt.is_prompt"
_STATUS: Final = "LOGGED_MODEL_"


@dataclass(slots=True)
class Places:
    """Where in the source the files of what was copied are: artifact URIs by run and by logged model."""

    runs: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)

    def of(self, version: ModelVersion) -> dict[str, str] | None:
        """How the target finds a version's files among what was copied; None where they must be sent."""
        uri = str(version.source or "").rstrip("/")
        for model_id, root in self.models.items():
            for prefix in (root.rstrip("/"), f"models:/{model_id}"):
                if uri == prefix or uri.startswith(f"{prefix}/"):
                    return {"logged_model_id": model_id, "logged_model_path": uri[len(prefix) :].strip("/")}
        run_id = version.run_id or uri.removeprefix("runs:/").partition("/")[0]
        for prefix in (self.runs.get(run_id, "").rstrip("/"), f"runs:/{run_id}"):
            if run_id in self.runs and prefix and uri.startswith(f"{prefix}/"):
                return {"run_path": uri[len(prefix) :].strip("/")}
        return None


class ModelCopy:
    """Copies models one by one."""

    def __init__(self, source: Source, target: Target, tally: Tally, watch: Watch) -> None:
        self._source = source
        self._target = target
        self._tally = tally
        self._watch = watch

    def logged(self, model: LoggedModel, experiment: str) -> None:
        """A logged model with its files. Raises ``AlreadyExists`` where another has its id."""
        given = imports.LoggedModelImport(
            experiment=experiment,
            name=model.name,
            status=f"{_STATUS}{model.status.value.removeprefix(_STATUS)}",
            model_type=model.model_type or "",
            source_run_id=model.source_run_id or None,
            tags=dict(model.tags or {}),
            params=dict(model.params or {}),
            metrics=[_metric(one) for one in model.metrics or []],
            created_at=int(model.creation_timestamp),
            updated_at=int(model.last_updated_timestamp),
        )
        made = self._target.logged_model(model.model_id, given)
        files = copy_files(
            self._source.files(model.artifact_location),
            self._target.model_files(model.model_id),
            lambda path, file: self._target.put_model_file(made, path, file),
        )
        there = self._target.model_files(model.model_id)
        source = {"logged models": 1, "files": len(files), "bytes": sum(files.values())}
        target = {"logged models": 1, "files": len(there), "bytes": sum(there.values())}
        self._tally.add(f"logged model {model.model_id}", Counted(source, target))
        self._watch.done(size=sum(files.values()))

    def registered(self, model: RegisteredModel, places: Places, *, all_versions: bool) -> None:
        """A registered model with its versions, or only with those of what was copied."""
        versions = [one for one in self._source.versions(model) if all_versions or places.of(one) is not None]
        if not versions and not all_versions:
            return
        aliases = {alias: int(number) for alias, number in (model.aliases or {}).items()}
        kept = {int(one.version) for one in versions}
        if not all_versions:  # else one whose version is missed is a difference, and is said
            aliases = {alias: number for alias, number in aliases.items() if number in kept}
        self._target.registered_model(_model(model, {}))
        for version in versions:
            try:
                self._version(version, places, is_prompt=model.tags.get(_PROMPT) == "true")
            except (AzureMLException, OSError) as error:
                self._tally.problem(f"model {model.name}:{version.version}", _words(error))
        there = self._versions(model.name)
        present = {alias: number for alias, number in aliases.items() if number in there}
        made = self._target.registered_model(_model(model, present))
        source = {"registered models": 1, "model versions": len(kept), "aliases": len(aliases)}
        target = {
            "registered models": 1,
            "model versions": len(kept & set(there)),
            "aliases": len([alias for alias, number in aliases.items() if made.aliases.get(alias) == number]),
        }
        self._tally.add(f"model {model.name}", Counted(source, target))
        self._watch.done()

    def _versions(self, name: str) -> dict[int, entities.ModelVersion]:
        with contextlib.suppress(NotFound):
            return self._target.version_numbers(name)
        return {}

    def _version(self, version: ModelVersion, places: Places, *, is_prompt: bool) -> None:
        number = int(version.version)
        held: dict[str, Any] = {
            "name": version.name,
            "version": number,
            "description": version.description or "",
            "tags": dict(version.tags or {}),
            "stage": version.current_stage or "None",
            "created_by": version.user_id or "",
            "run_id": version.run_id if version.run_id in places.runs else None,
            "source": version.source or "",
            "created_at": int(version.creation_timestamp),
            "updated_at": int(version.last_updated_timestamp or version.creation_timestamp),
        }
        if number in self._versions(version.name):
            self._target.version(imports.ModelVersionImport(**held))  # the same, or refused
            return
        place = None if is_prompt else places.of(version)
        if place is not None:
            held |= place
            if "run_path" in place:
                held["run_id"] = version.run_id or str(version.source).removeprefix("runs:/").partition("/")[0]
        elif not is_prompt:
            held["upload_id"] = self._uploaded(version)
        self._target.version(imports.ModelVersionImport(**held))

    def _uploaded(self, version: ModelVersion) -> str:
        """The files of a version that belongs to nothing that was copied, sent as one folder."""
        uri = self._source.download_uri(version)
        folder = uri.rstrip("/").rpartition("/")[2] or "model"
        upload_id = self._target.begin_upload()
        sent = copy_files(
            self._source.files(uri),
            {},
            lambda path, file: self._target.put_upload(upload_id, f"{folder}/{path}", file),
        )
        if not sent:
            raise NotFound(f"there are no files at {uri}: bring them back, or delete the version in the source.")
        return upload_id


def _model(model: RegisteredModel, aliases: dict[str, int]) -> imports.RegisteredModelImport:
    return imports.RegisteredModelImport(
        name=model.name,
        description=model.description or "",
        tags=dict(model.tags or {}),
        aliases=aliases,
        created_at=int(model.creation_timestamp),
        updated_at=int(model.last_updated_timestamp),
    )


def _metric(given: Any) -> imports.ModelMetricImport:
    return imports.ModelMetricImport(
        key=given.key,
        value=number_to_wire(float(given.value)),
        timestamp=int(given.timestamp),
        step=int(given.step or 0),
        run_id=given.run_id or "",
        dataset_name=given.dataset_name or "",
        dataset_digest=given.dataset_digest or "",
    )


def _words(error: BaseException) -> str:
    return error.message if isinstance(error, AzureMLException) else str(error)
