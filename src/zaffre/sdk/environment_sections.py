"""The sections of an ``Environment``: Python, Docker, Spark, Databricks, R."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from zaffre.core.errors import UserErrorException
from zaffre.environments import image_context
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.container_registry import ContainerRegistry, RegistryIdentity
from zaffre.sdk.section import Section
from zaffre.sdk.snapshotting import send_snapshot

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace

DEFAULT_CPU_IMAGE: Final = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
DEFAULT_GPU_IMAGE: Final = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04:20251130.v1"

_log = logging.getLogger("azureml.core.environment")


class PythonSection(Section):
    """Which Python, with which packages."""

    KEYS: ClassVar[dict[str, str]] = {
        "user_managed_dependencies": "userManagedDependencies",
        "interpreter_path": "interpreterPath",
        "conda_dependencies_file": "condaDependenciesFile",
        "base_conda_environment": "baseCondaEnvironment",
        "conda_dependencies": "condaDependencies",
    }

    user_managed_dependencies: bool  # True: use interpreter_path as it is
    interpreter_path: str  # "python": the interpreter that submits
    base_conda_environment: str | None
    conda_dependencies: CondaDependencies | None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("_skip_defaults", None)
        self.user_managed_dependencies = False
        self.interpreter_path = "python"
        self._conda_dependencies_file: str | None = None
        self.base_conda_environment = None
        self.conda_dependencies = CondaDependencies()
        for name, value in kwargs.items():
            setattr(self, name, value)

    @property
    def conda_dependencies_file(self) -> str | None:
        """A conda file that takes the place of ``conda_dependencies``, read when the environment is used."""
        return self._conda_dependencies_file

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, value: str | os.PathLike[str] | None) -> None:
        self._conda_dependencies_file = None if value is None else os.fspath(value)

    def to_plain(self) -> dict[str, Any]:
        values = {key: getattr(self, attribute) for attribute, key in self.KEYS.items()}
        conda = self.conda_dependencies
        if self._conda_dependencies_file is not None and not self.user_managed_dependencies:
            conda = CondaDependencies(self._conda_dependencies_file)
        return {**values, "condaDependencies": conda.as_dict() if conda is not None else None}

    def _take(self, attribute: str, value: Any) -> None:
        if attribute == "conda_dependencies" and value is not None:
            value = CondaDependencies(_underlying_structure=value)
        super()._take(attribute, value)


class DockerImagePlatform(Section):
    KEYS: ClassVar[dict[str, str]] = {"os": "os", "architecture": "architecture"}

    os: str
    architecture: str

    def __init__(self) -> None:
        self.os = "Linux"
        self.architecture = "amd64"


class DockerBuildContext(Section):
    """A folder with a Dockerfile and what it copies: one that a workspace keeps, or one of a git repository."""

    KEYS: ClassVar[dict[str, str]] = {
        "location_type": "locationType",
        "location": "location",
        "dockerfile_path": "dockerfilePath",
    }

    location_type: str | None  # "storageaccount" or "git"
    location: str | None  # "https://host/repository.git#branch:folder"
    dockerfile_path: str

    def __init__(
        self, location_type: str | None = None, location: str | None = None, dockerfile_path: str = "Dockerfile"
    ) -> None:
        self.location_type = location_type
        self.location = location
        self.dockerfile_path = dockerfile_path

    @staticmethod
    def from_local_directory(
        workspace: Workspace, path: str | os.PathLike[str], dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """Keep a folder of this machine in the workspace, whole; the same content is kept once.

        Its ``.dockerignore`` counts when the image is built. Raises ``SnapshotTooLarge``, ``UserErrorException`` where
        there is no Dockerfile.
        """
        folder = Path(path)
        if not (folder / dockerfile_path).is_file():
            raise UserErrorException(
                f"There is no Dockerfile {folder / dockerfile_path}: dockerfile_path says where it is."
            )
        scope = workspace._scope
        kept = send_snapshot(scope, folder, whole=True)
        address = f"{scope.client.url}{scope.path('snapshots', f'{kept.id}.zip')}"
        return DockerBuildContext(image_context.FOLDER, address, Path(dockerfile_path).as_posix())


class DockerSection(Section):
    """What Docker is told. A run is in a container if this is enabled, or names more than a plain image."""

    KEYS: ClassVar[dict[str, str]] = {
        "enabled": "enabled",
        "base_image": "baseImage",
        "base_dockerfile": "baseDockerfile",
        "build_context": "buildContext",
        "base_image_registry": "baseImageRegistry",
        "platform": "platform",
        "shared_volumes": "sharedVolumes",
        "shm_size": "shmSize",
        "arguments": "arguments",
    }

    enabled: bool
    base_image_registry: ContainerRegistry
    platform: DockerImagePlatform
    shared_volumes: bool
    shm_size: str
    arguments: list[str]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("_skip_defaults", None)
        self._sources: dict[str, Any] = {"base_image": DEFAULT_CPU_IMAGE}
        self.enabled = False
        self.base_image_registry = ContainerRegistry()
        self.platform = DockerImagePlatform()
        self.shared_volumes = True
        self.shm_size = "2g"
        self.arguments = []
        for name, value in kwargs.items():
            setattr(self, name, value)

    @property
    def base_image(self) -> str | None:
        return self._source("base_image")

    @base_image.setter
    def base_image(self, value: str | None) -> None:
        self._set_source("base_image", value)

    @property
    def base_dockerfile(self) -> str | None:
        """A Dockerfile's text; a path may be set, and is read at once."""
        return self._source("base_dockerfile")

    @base_dockerfile.setter
    def base_dockerfile(self, value: str | os.PathLike[str] | None) -> None:
        text = None if value is None else os.fspath(value)
        if text is not None and "\n" not in text and os.path.isfile(text):
            text = Path(text).read_text("utf-8")
        self._set_source("base_dockerfile", text)

    @property
    def build_context(self) -> DockerBuildContext | None:
        context: DockerBuildContext | None = self._sources.get("build_context")
        return context

    @build_context.setter
    def build_context(self, value: DockerBuildContext | None) -> None:
        self._set_source("build_context", value)

    @property
    def gpu_support(self) -> bool:
        """Always True: a process sees the devices that the machine has."""
        return True

    @gpu_support.setter
    def gpu_support(self, value: bool) -> None:
        _log.warning("docker.gpu_support has no effect: a run sees the devices that its machine has.")

    def _source(self, name: str) -> str | None:
        value: str | None = self._sources.get(name)
        return value

    def _set_source(self, name: str, value: Any) -> None:
        """An image comes from one of an image, a Dockerfile and a build context: setting one resets the others."""
        if value is None:
            self._sources.pop(name, None)
            return
        for other in [other for other in self._sources if other != name]:
            _log.warning("docker.%s and docker.%s exclude each other: %s is reset.", name, other, other)
        self._sources = {name: value}

    def _take(self, attribute: str, value: Any) -> None:
        if attribute in ("base_image", "base_dockerfile", "build_context") and value is None:
            self._sources.pop(attribute, None)
            return
        if attribute == "build_context":
            context = DockerBuildContext()
            context.load(value, "docker.buildContext")
            value = context
        super()._take(attribute, value)

    def load(self, value: object, where: str = "") -> None:
        super().load(value, where)
        identity: object = self.base_image_registry.registry_identity
        if isinstance(identity, dict):
            made = RegistryIdentity()
            made.load(identity, "docker.baseImageRegistry.registryIdentity")
            self.base_image_registry.registry_identity = made


class SparkPackage(Section):
    KEYS: ClassVar[dict[str, str]] = {"group": "group", "artifact": "artifact", "version": "version"}

    group: str | None
    artifact: str | None
    version: str | None

    def __init__(self, group: str | None = None, artifact: str | None = None, version: str | None = None) -> None:
        self.group = group
        self.artifact = artifact
        self.version = version


class SparkSection(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "repositories": "repositories",
        "packages": "packages",
        "precache_packages": "precachePackages",
    }

    repositories: list[str]
    packages: list[Any]  # SparkPackage, or its plain form
    precache_packages: bool

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("_skip_defaults", None)
        self.repositories = []
        self.packages = []
        self.precache_packages = True
        for name, value in kwargs.items():
            setattr(self, name, value)


class DatabricksSection(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "maven_libraries": "mavenLibraries",
        "pypi_libraries": "pypiLibraries",
        "rcran_libraries": "rcranLibraries",
        "jar_libraries": "jarLibraries",
        "egg_libraries": "eggLibraries",
    }

    maven_libraries: list[Any]
    pypi_libraries: list[Any]
    rcran_libraries: list[Any]
    jar_libraries: list[Any]
    egg_libraries: list[Any]

    def __init__(self, _skip_defaults: bool = False) -> None:
        self.maven_libraries = []
        self.pypi_libraries = []
        self.rcran_libraries = []
        self.jar_libraries = []
        self.egg_libraries = []


class RCranPackage(Section):
    KEYS: ClassVar[dict[str, str]] = {"name": "name", "version": "version", "repository": "repository"}

    name: str | None
    version: str | None
    repository: str | None

    def __init__(self) -> None:
        self.name = None
        self.version = None
        self.repository = None


class RGitHubPackage(Section):
    KEYS: ClassVar[dict[str, str]] = {"repository": "repository", "auth_token": "authToken"}

    repository: str | None
    auth_token: str | None

    def __init__(self) -> None:
        self.repository = None
        self.auth_token = None


class RSection(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "r_version": "rVersion",
        "user_managed": "userManaged",
        "rscript_path": "rscriptPath",
        "snapshot_date": "snapshotDate",
        "cran_packages": "cranPackages",
        "github_packages": "gitHubPackages",
        "custom_url_packages": "customUrlPackages",
        "bioconductor_packages": "bioConductorPackages",
    }

    r_version: str | None
    user_managed: bool
    rscript_path: str | None
    snapshot_date: str | None
    cran_packages: list[Any] | None
    github_packages: list[Any] | None
    custom_url_packages: list[str] | None
    bioconductor_packages: list[str] | None

    def __init__(self) -> None:
        self.r_version = None
        self.user_managed = False
        self.rscript_path = None
        self.snapshot_date = None
        self.cran_packages = None
        self.github_packages = None
        self.custom_url_packages = None
        self.bioconductor_packages = None
