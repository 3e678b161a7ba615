"""``Image`` and ``ContainerImage``: models, their script and environment in an image of this machine's engine.

What an image is made of stands in a label of its own, so the engine is all that keeps it.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from zaffre.core import entities
from zaffre.core.codec import decode
from zaffre.core.errors import AzureMLException, WebserviceException
from zaffre.core.ids import now_ms
from zaffre.core.names import check_model
from zaffre.docker import images as engine_images
from zaffre.docker.engine import Engine
from zaffre.sdk import model_packaging, service_spec
from zaffre.sdk.image_config import ContainerImageConfig, GivenConfig
from zaffre.sdk.late import late
from zaffre.sdk.model_lookup import Tags, matches, pairs
from zaffre.sdk.model_package import ModelPackage
from zaffre.sdk.times import iso, moment
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

_LABEL: Final = "zaffre.image"
_ANEW: Final = "create the image anew with Image.create"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the label of an image holds. The environment is named, not written: it may hold a password."""

    workspace: str
    name: str
    version: int
    created_at: int
    location: str  # the image's name in the engine, or in the registry
    snapshot_id: str
    entry_script: str
    source_name: str
    environment: str
    environment_version: str
    models: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""


class Image:
    """The newest image of a name, or the one of an id (``name:version``) or version. Raises ``WebserviceException``."""

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: Tags | None = None,
        properties: Tags | None = None,
        version: int | str | None = None,
    ) -> None:
        if id is not None:
            name, _, number = id.rpartition(":")
            version = number
        if not name:
            raise WebserviceException("Name an image: pass its name, or its id.")
        found = [
            one
            for one in Image.list(workspace, name, tags=tags, properties=properties)
            if version is None or str(one.version) == str(version)
        ]
        if not found:
            which = name if version is None else f"{name}:{version}"
            raise WebserviceException(
                f"ImageNotFound: There is no image {which} of the workspace {workspace.name} in the container engine "
                "of this machine: Image.list(workspace) tells those that are there."
            )
        self.workspace = workspace
        self._package: ModelPackage | None = None
        self._about = max(found, key=lambda one: one.version)._about

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace!r}, id={self.id}, state={self.creation_state})"

    @classmethod
    def _of(cls, workspace: Workspace, about: About, package: ModelPackage | None = None) -> ContainerImage:
        image = object.__new__(ContainerImage)
        image.workspace, image._about, image._package = workspace, about, package
        return image

    workspace: Workspace
    _about: About
    _package: ModelPackage | None

    # --- what it is ---

    @property
    def name(self) -> str:
        return self._about.name

    @property
    def version(self) -> int:
        return self._about.version

    @property
    def id(self) -> str:
        return f"{self.name}:{self.version}"

    @property
    def image_location(self) -> str:
        """The name that ``docker run -p 5001:5001 NAME`` takes."""
        return self._about.location

    @property
    def creation_state(self) -> str:
        """``Running``, ``Succeeded`` or ``Failed``."""
        return "Succeeded" if self._package is None else self._package.state

    @property
    def created_time(self) -> datetime:
        return moment(self._about.created_at)

    @property
    def models(self) -> builtins.list[Model]:
        return [late("model", "Model")(self.workspace, id=one) for one in self._about.models]

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._about.tags)

    @property
    def properties(self) -> dict[str, str]:
        return dict(self._about.properties)

    @property
    def description(self) -> str:
        return self._about.description

    @property
    def environment(self) -> Environment:
        found: Environment = late("environment", "Environment").get(
            self.workspace, self._about.environment, self._about.environment_version
        )
        return found

    def serialize(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "imageType": "Docker",
            "imageLocation": self.image_location,
            "creationState": self.creation_state,
            "createdTime": iso(self._about.created_at),
            "modelIds": builtins.list(self._about.models),
            "tags": self.tags,
            "properties": self.properties,
            "description": self.description,
        }

    @classmethod
    def deserialize(cls, workspace: Workspace, image_payload: Mapping[str, Any] | None) -> Image | None:
        """The image that a payload of ``serialize`` names, as it is now; None for None."""
        return None if image_payload is None else Image(workspace, id=image_payload["id"])

    # --- make, find, remove ---

    @staticmethod
    def create(
        workspace: Workspace, name: str, models: Sequence[Model], image_config: ContainerImageConfig | GivenConfig
    ) -> ContainerImage:
        """Begin to make the next version of an image; ``wait_for_creation`` says how it ends.

        Raises ``EngineUnavailable`` and what no image could honour before anything is made.
        """
        check_model(name)
        Engine.connect()
        served = service_spec.served_models(models)
        if served.local:
            raise WebserviceException("An image is made of registered models: call Model.register first.")
        config = image_config._inference()
        spec = service_spec.build(workspace, config, service_spec.source_of(config), {}, container=True)
        version = max((one.version for one in Image.list(workspace, name)), default=0) + 1
        repository = f"{workspace.name}/{name}".lower()
        about = About(
            workspace=workspace.name,
            name=name,
            version=version,
            created_at=now_ms(),
            location=model_packaging.full_name(f"{repository}:{version}"),
            snapshot_id=spec.snapshot_id,
            entry_script=spec.entry_script,
            source_name=spec.source_name,
            environment=spec.environment_name,
            environment_version=str(spec.environment_version),
            models=served.registered,
            tags=dict(image_config.tags or {}),
            properties=dict(image_config.properties or {}),
            description=image_config.description or "",
        )
        labels = {_LABEL: json.dumps(asdict(about))}
        package = model_packaging.create(workspace, models, config, False, repository, str(version), labels)
        return Image._of(workspace, about, package)

    @staticmethod
    def image_configuration() -> NoReturn:
        raise WebserviceException("Images are containers here: call ContainerImage.image_configuration.")

    @staticmethod
    def list(
        workspace: Workspace,
        image_name: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: Tags | None = None,
        properties: Tags | None = None,
    ) -> builtins.list[Image]:
        """The images of a workspace that this machine's engine has, the newest first."""
        found: builtins.list[Image] = []
        wanted_tags, wanted_properties = pairs("tags", tags), pairs("properties", properties)
        for one in engine_images.labelled(Engine.connect(), _LABEL):
            about = _about(one)
            if about is None or about.workspace != workspace.name or image_name not in (None, about.name):
                continue
            served = {model_id} <= {None, *about.models}
            named = {model_name} <= {None, *(each.partition(":")[0] for each in about.models)}
            tagged = matches(about.tags, wanted_tags) and matches(about.properties, wanted_properties)
            if served and named and tagged:
                found.append(Image._of(workspace, about))
        return sorted(found, key=lambda image: (image._about.created_at, image.version), reverse=True)

    def wait_for_creation(self, show_output: bool = False) -> None:
        """Wait until the image is made. Raises what stood in the way."""
        if self._package is not None:
            self._package.wait_for_creation(show_output)
        if show_output:
            print(f'Image creation operation finished for image {self.id}, operation "Succeeded"')

    def update_creation_state(self) -> None:
        """Nothing to do: ``creation_state`` is the present one."""

    def delete(self) -> None:
        """Remove the image from this machine's engine; in a registry it stays."""
        engine = Engine.connect()
        for one in engine_images.labelled(engine, _LABEL):
            if _about(one) == self._about:
                engine_images.remove(engine, one["Id"], force=True)

    def update(self, tags: Mapping[str, str]) -> NoReturn:
        raise not_built("Image.update", _ANEW)

    def add_tags(self, tags: Mapping[str, str]) -> NoReturn:
        raise not_built("Image.add_tags", _ANEW)

    def remove_tags(self, tags: Sequence[str]) -> NoReturn:
        raise not_built("Image.remove_tags", _ANEW)

    def add_properties(self, properties: Mapping[str, str]) -> NoReturn:
        raise not_built("Image.add_properties", _ANEW)

    def _spec(self) -> entities.ServiceSpec:
        """What a service of this image serves: the same environment, source and models."""
        if self.creation_state != "Succeeded":
            raise WebserviceException(f"The image {self.id} is {self.creation_state}: call wait_for_creation() first.")
        about = self._about
        return entities.ServiceSpec(
            entry_script=about.entry_script,
            source_name=about.source_name,
            snapshot_id=about.snapshot_id,
            environment=self.environment._definition(),
            environment_name=about.environment,
            environment_version=about.environment_version,
            container=True,
            recorded={"image_id": self.id},
        )


class ContainerImage(Image):
    """Every image here is one."""

    @staticmethod
    def image_configuration(  # type: ignore[override]  # as Azure's differs from Image.image_configuration
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
        base_image_registry: Any = None,
        cuda_version: str | None = None,
    ) -> ContainerImageConfig:
        """What the image serves; ``dependencies`` are files and folders that the script imports."""
        return ContainerImageConfig(
            execution_script,
            runtime,
            conda_file,
            docker_file,
            schema_file,
            dependencies,
            enable_gpu,
            tags,
            properties,
            description,
            base_image,
            base_image_registry,
            cuda_version=cuda_version,
        )

    def run(self, input_data: str | bytes) -> NoReturn:
        raise not_built("ContainerImage.run", f"deploy it, or call docker run -p 5001:5001 {self.image_location}")


def _about(image: Mapping[str, Any]) -> About | None:
    """What the label of an engine's image says; None for one of another make."""
    text = str((image.get("Labels") or {}).get(_LABEL) or "")
    try:
        return decode(text.encode(), About, what="the label of an image")
    except AzureMLException:
        return None
