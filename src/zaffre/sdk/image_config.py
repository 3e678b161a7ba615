"""``ContainerImage.image_configuration``: the older way to say what an image serves."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from zaffre.core.errors import WebserviceException
from zaffre.sdk.container_registry import ContainerRegistry
from zaffre.sdk.discovery import home
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model_lookup import texts
from zaffre.sdk.unbuilt import not_built


class ContainerImageConfig:
    """An entry script beside the current program, what it imports, and a conda file. Raises ``WebserviceException``."""

    def __init__(
        self,
        execution_script: str,
        runtime: str,
        conda_file: str | None = None,
        docker_file: str | None = None,
        schema_file: str | None = None,
        dependencies: Sequence[str] | None = None,
        enable_gpu: bool | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: ContainerRegistry | None = None,
        allow_absolute_path: bool = False,
        cuda_version: str | None = None,
    ) -> None:
        self.execution_script = execution_script
        self.runtime = runtime
        self.conda_file = conda_file
        self.docker_file = docker_file
        self.schema_file = schema_file
        self.dependencies = list(dependencies or ())
        self.enable_gpu = enable_gpu
        self.tags = texts("tags", tags)
        self.properties = texts("properties", properties)
        self.description = description
        self.base_image = base_image
        self.base_image_registry = base_image_registry
        self.allow_absolute_path = allow_absolute_path
        self.cuda_version = cuda_version
        self.validate_configuration()

    def validate_configuration(self) -> None:
        if self.schema_file:
            raise not_built("An image with a schema_file", "describe input and output in the entry script")
        for name in self.dependencies:
            if not Path(name).exists():
                raise WebserviceException(f"The dependency {name} of the image is not a file or folder here.")
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise WebserviceException(f"The dependency {name} of the image must be below the current folder.")
        self._made(self.execution_script, None)

    def _inference(self) -> InferenceConfig:
        """The same as Azure's newer class says it."""
        if not self.dependencies:
            return self._made(self.execution_script, None)
        folder = home() / "images" / "sources" / uuid.uuid4().hex
        for name in (self.execution_script, *self.dependencies, *filter(None, (self.conda_file, self.docker_file))):
            target = folder / (Path(name).name if name == self.execution_script else name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if Path(name).is_dir():
                shutil.copytree(name, target, dirs_exist_ok=True)
            else:
                shutil.copy2(name, target)
        return self._made(Path(self.execution_script).name, str(folder))

    def _made(self, script: str, folder: str | None) -> InferenceConfig:
        return InferenceConfig(
            script,
            runtime=self.runtime,
            conda_file=self.conda_file,
            extra_docker_file_steps=self.docker_file,
            source_directory=folder,
            enable_gpu=self.enable_gpu,
            description=self.description,
            base_image=self.base_image,
            base_image_registry=self.base_image_registry,
            cuda_version=self.cuda_version,
        )


class GivenConfig:
    """What an image serves, said by an ``InferenceConfig``."""

    def __init__(self, config: InferenceConfig, tags: Mapping[str, str] | None, description: str | None) -> None:
        self.tags = texts("tags", tags)
        self.properties: dict[str, str] = {}
        self.description = description
        self._config = config

    def _inference(self) -> InferenceConfig:
        return self._config
