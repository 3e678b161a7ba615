"""``Model``: a version of a registered model, and its way into a web service."""

from __future__ import annotations

import builtins
import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaffre.core import contract, entities, names, wire
from zaffre.core.errors import WebserviceException
from zaffre.sdk import model_files, model_path
from zaffre.sdk.deployment import deploy, print_configuration
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.late import late
from zaffre.sdk.model_lookup import Filter, Tags, find, texts, version_number
from zaffre.sdk.model_package import ModelPackage
from zaffre.sdk.model_payload import from_payload, to_payload
from zaffre.sdk.resource_configuration import ResourceConfiguration
from zaffre.sdk.times import moment
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.profiling.profile import ModelProfile
    from zaffre.sdk.run import Run
    from zaffre.sdk.webservice import Webservice
    from zaffre.sdk.workspace import Workspace

__all__ = ["InferenceConfig", "Model", "ModelPackage"]

SAS_SECONDS = 3600


class Model:
    """A model version of the workspace: the newest one that the arguments name.

    ``tags`` and ``properties`` are lists of ``"key"`` or ``["key", "value"]``. Raises ``ModelNotFound``.
    """

    class Framework:
        """Names of frameworks for ``model_framework``."""

        CUSTOM = "Custom"
        TENSORFLOW = "TensorFlow"
        SCIKITLEARN = "ScikitLearn"
        ONNX = "Onnx"
        TFKERAS = "TfKeras"
        PYTORCH = "PyTorch"
        MULTI = "Multi"

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: Tags | None = None,
        properties: Tags | None = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
        *,
        _entity: entities.ModelVersion | None = None,
    ) -> None:
        self.workspace = workspace
        if _entity is None:
            wanted = Filter(tags, properties, run_id, model_framework)
            _entity = find(workspace._scope, name, id, version, wanted)
        self._entity = _entity

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, version={self.version}, "
            f"tags={self.tags}, properties={self.properties})"
        )

    # --- register, find, list ---

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str,
        model_name: str,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        datasets: object = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> Model:
        """The next version of ``model_name``, made of a local file or folder.

        ``child_paths`` takes only those files of a folder. Raises ``FileNotFoundError`` for a missing path and
        ``WebserviceException`` for a name, framework, tag or property that cannot be.
        """
        _refuse_datasets(datasets, sample_input_dataset, sample_output_dataset)
        names.check_model(model_name)
        if model_framework_version and not model_framework:
            raise WebserviceException("model_framework_version says nothing without model_framework: pass both.")
        path = Path(model_path)
        files = model_files.files_of(path, child_paths)
        body = wire.ModelCreate(
            name=model_name,
            tags=texts("tags", tags),
            properties=texts("properties", properties),
            description=description or "",
            framework=model_framework,
            framework_version=model_framework_version,
            unpack=path.is_dir(),
            entry=path.resolve().name,
            resource_configuration=resource_configuration.serialize() if resource_configuration else None,
        )
        print(f"Registering model {model_name}")
        scope = workspace._scope
        upload_id = model_files.upload(scope, files, f"Uploading {path.name}")
        entity = scope.client.post(scope.path("models"), entities.ModelVersion, replace(body, upload_id=upload_id))
        return Model(workspace, _entity=entity)

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: Tags | None = None,
        properties: Tags | None = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> builtins.list[Model]:
        """Model versions, the newest first; ``latest`` only the newest of each name."""
        if dataset_id is not None:
            raise not_built("Model.list(dataset_id=...)", "filter by tags or run_id")
        if not 20 <= page_count <= 255:
            raise WebserviceException(f"page_count must be 20 to 255, not {page_count}.")
        wanted = Filter(tags, properties, run_id, model_framework)
        found = wanted.read(workspace._scope, name, latest=latest, page=page_count)
        return [Model(workspace, _entity=entity) for entity in found]

    @staticmethod
    def get_model_path(model_name: str, version: int | str | None = None, _workspace: Workspace | None = None) -> str:
        """Where a model's file or folder is on this machine: in a service or run, in the current folder, or
        downloaded (in a run or with ``_workspace``). Raises ``ModelNotFoundException``, ``WebserviceException``."""
        workspace = _workspace or (late("run_context", "run_workspace")() if contract.RUN_ID in os.environ else None)
        number = version_number(version)

        def remote() -> str | None:
            if workspace is None:
                return None
            model = Model(workspace, model_name, version=number)
            return model.download(str(model_path.folder(model_name, model.version)), exist_ok=True)

        return model_path.find(model_name, number, remote, known=workspace is not None)

    # --- what it is ---

    @property
    def id(self) -> str:
        """``<name>:<version>``."""
        return f"{self.name}:{self.version}"

    @property
    def name(self) -> str:
        return self._entity.name

    @property
    def version(self) -> int:
        return self._entity.version

    @property
    def description(self) -> str:
        return self._entity.description

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._entity.tags)

    @property
    def properties(self) -> dict[str, str]:
        return dict(self._entity.properties)

    @property
    def created_by(self) -> str:
        return self._entity.created_by

    @property
    def created_time(self) -> datetime.datetime:
        return moment(self._entity.created_at)

    @property
    def mime_type(self) -> str:
        return "application/x-python"

    @property
    def url(self) -> str:
        """Where the server keeps the files."""
        return self.workspace._scope.client.url + self._route("files")

    @property
    def unpack(self) -> bool:
        """Whether the model is a folder."""
        return self._entity.unpack

    @property
    def model_framework(self) -> str | None:
        return self._entity.framework

    @property
    def model_framework_version(self) -> str | None:
        return self._entity.framework_version

    @property
    def experiment_name(self) -> str | None:
        return self._entity.experiment_name

    @property
    def run_id(self) -> str | None:
        return self._entity.run_id

    @property
    def run(self) -> Run | None:
        """The run that made it."""
        return None if self.run_id is None else self.workspace.get_run(self.run_id)

    @property
    def datasets(self) -> dict[str, builtins.list[Any]]:
        return {}

    @property
    def sample_input_dataset(self) -> None:
        return None

    @property
    def sample_output_dataset(self) -> None:
        return None

    @property
    def resource_configuration(self) -> ResourceConfiguration | None:
        return ResourceConfiguration.deserialize(self._entity.resource_configuration)

    @property
    def parent_id(self) -> str | None:
        return self._entity.parent_id

    @property
    def derived_model_ids(self) -> builtins.list[str]:
        return []

    def serialize(self) -> dict[str, Any]:
        """The model in Azure's keys."""
        return to_payload(self._entity, self.url)

    @staticmethod
    def deserialize(workspace: Workspace, model_payload: Mapping[str, Any]) -> Model:
        """The inverse of ``serialize``."""
        return Model(workspace, _entity=from_payload(workspace.name, model_payload))

    # --- change, fetch, delete ---

    def update(
        self,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> None:
        """Change what is given; ``tags`` replaces all tags."""
        _refuse_datasets(None, sample_input_dataset, sample_output_dataset)
        gone = None if tags is None else [key for key in self._read().tags if key not in tags]
        configuration = resource_configuration.serialize() if resource_configuration else None
        self._patch(
            wire.ModelPatch(
                tags=None if tags is None else texts("tags", tags),
                remove_tags=gone,
                description=description,
                resource_configuration=configuration,
            )
        )

    def update_tags_properties(
        self,
        add_tags: Mapping[str, str] | None = None,
        remove_tags: Sequence[str] | None = None,
        add_properties: Mapping[str, str] | None = None,
    ) -> None:
        """Change tags and add properties; a property that is set never changes."""
        self._patch(
            wire.ModelPatch(
                tags=texts("tags", add_tags) or None,
                remove_tags=list(remove_tags) if remove_tags else None,
                properties=texts("properties", add_properties) or None,
            )
        )

    def add_tags(self, tags: Mapping[str, str]) -> None:
        self.update_tags_properties(add_tags=tags)

    def remove_tags(self, tags: Sequence[str]) -> None:
        self.update_tags_properties(remove_tags=tags)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        self.update_tags_properties(add_properties=properties)

    def add_dataset_references(self, datasets: object) -> None:
        _refuse_datasets(datasets)

    def download(self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Fetch the files into ``target_dir``; returns the path of the model's file or folder."""
        overwrite = exist_ok if exists_ok is None else exists_ok
        return str(model_files.download(self.workspace._scope, self._entity, Path(target_dir), overwrite=overwrite))

    def get_sas_urls(self) -> dict[str, str]:
        """A URL for each file that needs no other credentials; valid for an hour."""
        scope = self.workspace._scope
        wanted = wire.TokenCreate(kind="user", expires_in_seconds=SAS_SECONDS, workspace=scope.workspace)
        token = scope.client.post("/api/v1/tokens", wire.TokenCreated, wanted).token
        scheme, _, host = scope.client.url.partition("://")
        base = ("models", self.name, "versions", str(self.version), "files")
        infos = model_files.listing(scope, self._entity)
        return {info.path: f"{scheme}://token:{token}@{host}{scope.path(*base, file=info.path)}" for info in infos}

    def delete(self) -> None:
        """Delete this version; raises ``ModelInUse`` while a service serves it."""
        self.workspace._scope.client.delete(self._route())

    # --- deploy ---

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        models: Sequence[Model | str],
        inference_config: InferenceConfig | None = None,
        deployment_config: object = None,
        deployment_target: object = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> Webservice:
        """Deploy models as the web service ``name``; returns at once, ``wait_for_deployment`` waits.

        ``models`` are registered models, or paths of local files that are not. Targets of Azure raise ``Unsupported``.
        """
        return deploy(
            workspace,
            name,
            models,
            inference_config,
            deployment_config,
            deployment_target,
            overwrite=overwrite,
            show_output=show_output,
        )

    @staticmethod
    def print_configuration(
        models: Sequence[Model | str],
        inference_config: InferenceConfig | None,
        deployment_config: object,
        deployment_target: object,
    ) -> None:
        """Print what ``deploy`` would use."""
        print_configuration(models, inference_config, deployment_config, deployment_target)

    @staticmethod
    def package(
        workspace: Workspace,
        models: Sequence[Model],
        inference_config: InferenceConfig | None = None,
        generate_dockerfile: bool = False,
        image_name: str | None = None,
        image_label: str | None = None,
    ) -> ModelPackage:
        """Make an image that serves the models on port 5001 wherever it runs, in the container engine of this machine;
        with ``generate_dockerfile`` the folder to build it from. Call ``wait_for_creation`` on what is returned."""
        begin = late("model_packaging", "create")
        made: ModelPackage = begin(workspace, models, inference_config, generate_dockerfile, image_name, image_label)
        return made

    @staticmethod
    def profile(
        workspace: Workspace,
        profile_name: str,
        models: Sequence[Model],
        inference_config: InferenceConfig | None,
        input_dataset: object,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        description: str | None = None,
    ) -> ModelProfile:
        """Serve the models for a moment, send them the requests of ``input_dataset`` and measure latency, memory and
        CPU; returns at once. ``input_dataset``: texts, each the JSON of one request, in a list, a data frame or data
        set of one column, or a .jsonl, .json or .csv file. In a container ``cpu`` (cores) and ``memory_in_gb`` are its
        limits. Without an ``inference_config`` the model is served as ``deploy`` does without one.
        """
        begin = late("profiling.profile", "begin")
        made: ModelProfile = begin(
            workspace, profile_name, models, inference_config, input_dataset, cpu, memory_in_gb, description
        )
        return made

    def _route(self, *more: str) -> str:
        return self.workspace._scope.path("models", self.name, "versions", str(self.version), *more)

    def _read(self) -> entities.ModelVersion:
        self._entity = self.workspace._scope.client.get(self._route(), entities.ModelVersion)
        return self._entity

    def _patch(self, patch: wire.ModelPatch) -> None:
        self._entity = self.workspace._scope.client.patch(self._route(), entities.ModelVersion, patch)


def _refuse_datasets(*given: object) -> None:
    if any(given):
        raise not_built("A dataset of a model", "record the data's path or version in the model's tags")
