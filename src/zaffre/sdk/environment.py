"""``Environment``: the Python, packages and variables that a run or a service gets."""

from __future__ import annotations

import builtins
import copy
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from zaffre.core import entities, wire
from zaffre.core.codec import to_plain
from zaffre.core.errors import NotFound, Unsupported, UserErrorException
from zaffre.core.names import check_environment
from zaffre.environments import conda_prefix, curated
from zaffre.sdk import discovery, private_wheel
from zaffre.sdk.conda_dependencies import PYTHON_DEFAULT_VERSION, CondaDependencies
from zaffre.sdk.container_registry import ContainerRegistry, RegistryIdentity
from zaffre.sdk.environment_build import ComputeBuildDetails, DockerImageDetails, ImageBuildDetails, image_details
from zaffre.sdk.environment_local import build_one, tokens_of
from zaffre.sdk.environment_sections import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DatabricksSection,
    DockerBuildContext,
    DockerImagePlatform,
    DockerSection,
    PythonSection,
    RCranPackage,
    RGitHubPackage,
    RSection,
    SparkPackage,
    SparkSection,
)
from zaffre.sdk.scope import Scope
from zaffre.sdk.section import Section

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "ContainerRegistry",
    "DatabricksSection",
    "DockerBuildContext",
    "DockerEnvironment",
    "DockerImageDetails",
    "DockerImagePlatform",
    "DockerSection",
    "Environment",
    "EnvironmentReference",
    "ImageBuildDetails",
    "PythonEnvironment",
    "PythonSection",
    "RCranPackage",
    "RGitHubPackage",
    "RSection",
    "RegistryIdentity",
    "SparkEnvironment",
    "SparkPackage",
    "SparkSection",
]

DEFINITION_FILE: Final = "azureml_environment.json"
CONDA_FILE: Final = "conda_dependencies.yml"
DOCKERFILE: Final = "BaseDockerfile"
_PLATFORMS: Final = {"linux": "linux", "darwin": "osx", "win32": "windows"}

# Names that older scripts import.
PythonEnvironment = PythonSection
DockerEnvironment = DockerSection
SparkEnvironment = SparkSection


class Environment(Section):
    """A description: nothing is built before a run, a service or ``build`` needs it, and then only once."""

    KEYS: ClassVar[dict[str, str]] = {
        "name": "name",
        "version": "version",
        "environment_variables": "environmentVariables",
        "python": "python",
        "docker": "docker",
        "spark": "spark",
        "databricks": "databricks",
        "r": "r",
        "inferencing_stack_version": "inferencingStackVersion",
        "asset_id": "assetId",
    }

    name: str | None
    version: str | None
    environment_variables: dict[str, str] | None
    python: PythonSection
    docker: DockerSection
    spark: SparkSection
    databricks: DatabricksSection
    r: RSection | None
    inferencing_stack_version: str | None
    asset_id: str | None

    def __init__(self, name: str | None, **kwargs: Any) -> None:
        """``kwargs`` set attributes. Raises ``TypeError`` for a name that is not text."""
        if name is not None and not isinstance(name, str):
            raise TypeError(f"The name of an environment is text, not {type(name).__name__}.")
        kwargs.pop("_skip_defaults", None)
        self.name = name
        self.version = None
        self._ask_lock: Callable[[], entities.EnvironmentLock | None] | None = None  # of the run that it was asked of
        self._given_version: str | None = None  # what the server called it: changed content gets another version
        self.environment_variables = {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.databricks = DatabricksSection()
        self.r = None
        self.inferencing_stack_version = None
        self.asset_id = None
        for attribute, value in kwargs.items():
            setattr(self, attribute, value)

    def _definition(self) -> dict[str, Any]:
        """The definition that travels: ``azureml_environment.json`` with the conda document in its python section."""
        return self.to_plain()

    @staticmethod
    def _from_definition(definition: object, name: str | None = None, version: str | None = None) -> Environment:
        """The inverse of ``_definition``; ``name`` and ``version`` win over those in it."""
        made = Environment(name)
        plain = copy.deepcopy(definition)
        if isinstance(plain, dict) and plain.get("condaDependencies") is not None:
            # The parsed conda document may stand beside the python section instead of in it.
            document = plain.pop("condaDependencies")
            plain["python"] = {**(plain.get("python") or {}), "condaDependencies": document}
        made.load(plain, "the environment's definition")
        made.name = name if name is not None else made.name
        made.version = version if version is not None else made.version
        made._given_version = made.version
        return made

    def _take(self, attribute: str, value: Any) -> None:
        if attribute == "r" and value is not None:
            section = RSection()
            section.load(value, "r")
            value = section
        super()._take(attribute, value)

    # --- from something else -----------------------------------------------------------------------------------------

    @staticmethod
    def from_conda_specification(name: str, file_path: str | os.PathLike[str]) -> Environment:
        """From a conda file; one without Python gets ``python=3.10.18``. Raises ``UserErrorException`` naming what is
        wrong with the file, ``FileNotFoundError`` for none."""
        made = Environment(name)
        made.python.conda_dependencies = _conda_of(file_path)
        return made

    @staticmethod
    def from_pip_requirements(
        name: str, file_path: str | os.PathLike[str], pip_version: str | None = None
    ) -> Environment:
        """From a requirements file, its lines in the place of the default packages."""
        made = Environment(name)
        made.python.conda_dependencies = _pip_of(file_path, pip_version)
        return made

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> Environment | None:
        """From an environment of this machine, by its name or path: every package in its version, without its build.

        It is read from the environment's own lists, conda itself is not needed. None, with a message, if there is none.
        """
        prefix = conda_prefix.find(conda_environment_name)
        if prefix is None:
            sys.stdout.write(
                f"There is no conda environment {conda_environment_name!r} on this machine. Its path does for a name, "
                "and CONDA_ENVS_DIRS says where environments are.\n"
            )
            return None
        made = Environment(name)
        document = conda_prefix.document(prefix, prefix.name)
        made.python.conda_dependencies = CondaDependencies(_underlying_structure=document)
        return made

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: ContainerRegistry | None = None,
        conda_specification: str | os.PathLike[str] | None = None,
        pip_requirements: str | os.PathLike[str] | None = None,
    ) -> Environment:
        """From an image, with packages on top of it if a file of them is named; runs of it are in containers."""
        made = Environment(name)
        made.docker.base_image = image
        if container_registry is not None:
            made.docker.base_image_registry = container_registry
        made._take_packages(conda_specification, pip_requirements)
        return made

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str | os.PathLike[str],
        conda_specification: str | os.PathLike[str] | None = None,
        pip_requirements: str | os.PathLike[str] | None = None,
    ) -> Environment:
        """From a Dockerfile, given as a path or as text, which copies no files. Runs are in containers."""
        made = Environment(name)
        made.docker.base_image = None
        made.docker.base_dockerfile = dockerfile
        made._take_packages(conda_specification, pip_requirements)
        return made

    @staticmethod
    def from_docker_build_context(name: str, docker_build_context: DockerBuildContext) -> Environment:
        """From a folder with a Dockerfile and what it copies; the image's own Python is used as it is. Runs are in
        containers."""
        made = Environment(name)
        made.docker.base_image = None
        made.docker.build_context = docker_build_context
        made.python.user_managed_dependencies = True
        return made

    def _take_packages(
        self, conda_specification: str | os.PathLike[str] | None, pip_requirements: str | os.PathLike[str] | None
    ) -> None:
        """The packages on top of an image; with none named, the image's own Python is used as it is."""
        if conda_specification is not None and pip_requirements is not None:
            raise UserErrorException("conda_specification and pip_requirements exclude each other: pass one of them.")
        if conda_specification is not None:
            self.python.conda_dependencies = _conda_of(conda_specification)
        elif pip_requirements is not None:
            self.python.conda_dependencies = _pip_of(pip_requirements, None)
        else:
            self.python.user_managed_dependencies = True

    # --- in a workspace ----------------------------------------------------------------------------------------------

    def register(self, workspace: Workspace) -> Environment:
        """The registered environment, with the version the server gave it; the same content is the same version.

        A ``version`` that was set by hand is kept, and refused (``StateConflict``) if it exists with another content.
        """
        return Environment._of(self._registered(workspace._scope))

    def _registered(self, scope: Scope) -> entities.EnvironmentVersion:
        name = check_environment(self.name or "")
        chosen = None if self.version == self._given_version else self.version
        body = wire.EnvironmentCreate(definition=self._definition(), version=chosen)
        return scope.client.post(scope.path("environments", name), entities.EnvironmentVersion, body, idempotent=True)

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | None = None, label: str | None = None) -> Environment:
        """A registered environment, by default its newest version, else a curated one. Raises ``NotFound``."""
        if version is not None and label is not None:
            raise UserErrorException("version and label exclude each other: pass one of them.")
        scope = workspace._scope
        try:
            answer = scope.client.get(
                scope.path("environments", name), entities.EnvironmentVersion, version=version, label=label
            )
        except NotFound:
            definition = curated.find(name)
            if definition is None:
                raise
            if version is not None or label is not None:
                sys.stdout.write(f"The curated environment {name} stands for current packages, whatever its version.\n")
            return Environment._from_definition(definition, name)
        return Environment._of(answer)

    @staticmethod
    def list(workspace: Workspace) -> dict[str, Environment]:
        """The newest version of every environment of the workspace, and the curated ones, by name."""
        scope = workspace._scope
        found = {name: Environment._from_definition(curated.find(name), name) for name in curated.names()}
        for answer in scope.client.items(scope.path("environments"), entities.EnvironmentVersion):
            found[answer.name] = Environment._of(answer)
        return found

    @staticmethod
    def label(workspace: Workspace, name: str, version: str, labels: builtins.list[str]) -> None:
        """Point labels at a version; each moves here from the version that had it."""
        scope = workspace._scope
        path = scope.path("environments", name, "versions", str(version), "labels")
        scope.client.put(path, entities.EnvironmentVersion, wire.LabelsPut(labels=list(labels)))

    @staticmethod
    def _of(answer: entities.EnvironmentVersion) -> Environment:
        return Environment._from_definition(to_plain(answer.definition), answer.name, answer.version)

    def clone(self, new_name: str) -> Environment:
        """A copy of that name, with no version."""
        made = copy.deepcopy(self)
        made.name = Environment(new_name).name
        made.version = None
        made.asset_id = None
        made._ask_lock = None
        return made

    @property
    def lock(self) -> entities.EnvironmentLock | None:
        """Exactly what the run or service got of which this is the environment; None for any other environment, for
        an interpreter used as it is, and as long as nothing is prepared."""
        return self._ask_lock() if self._ask_lock is not None else None

    # --- build -------------------------------------------------------------------------------------------------------

    def build(self, workspace: Workspace, image_build_compute: str | None = None) -> ImageBuildDetails:
        """Build the environment on this machine, in the background, so that the next run finds it: an image where it
        needs one; or on the compute target ``image_build_compute``, which registers it.
        """
        scope = workspace._scope
        if image_build_compute is not None:
            return ComputeBuildDetails(scope, self._registered(scope), str(image_build_compute))
        return ImageBuildDetails(self._definition(), discovery.home(), tokens_of(scope))

    def build_local(
        self,
        workspace: Workspace,
        platform: str | None = None,
        *,
        useDocker: bool = True,
        pushImageToWorkspaceAcr: bool = False,
    ) -> str:
        """Build here, print the log and return it: an image, or a folder of this machine with ``useDocker=False``.

        ``pushImageToWorkspaceAcr`` pushes the image to the registry that is set (``ZAFFRE_REGISTRY``). Raises
        ``EngineUnavailable`` where no container engine answers, ``Unsupported`` for another platform, ``InvalidValue``
        where there is no registry to push to.
        """
        if pushImageToWorkspaceAcr and not useDocker:
            raise UserErrorException("pushImageToWorkspaceAcr pushes an image, and useDocker=False makes none.")
        own = ("linux",) if useDocker else (_PLATFORMS.get(sys.platform, sys.platform),)
        if platform is not None and str(platform).lower() not in own:
            raise Unsupported(f"An environment is built here for {own[0]}, not for {platform}: leave it out.")
        lines: builtins.list[str] = []

        def log(line: str) -> None:
            lines.append(line)
            sys.stdout.write(f"{line}\n")

        build_one(
            self._definition(),
            discovery.home(),
            log,
            tokens_of(workspace._scope),
            in_image=useDocker,
            push=pushImageToWorkspaceAcr,
        )
        return "".join(f"{line}\n" for line in lines)

    def get_image_details(self, workspace: Workspace) -> DockerImageDetails:
        """The image in this machine's container engine; of an environment that needs none, the folder and interpreter
        that stand for it.

        ``image_exist`` says whether the engine has the image; ``registry`` is None: no registry holds it.
        """
        return image_details(self._definition())

    @staticmethod
    def add_private_pip_wheel(workspace: Workspace, file_path: str, exist_ok: bool = False) -> str:
        """Keep a wheel in the workspace's default datastore; returns the address to name as a pip package.

        The address holds a hash of the content, so it never means another wheel. Runs and services of the workspace
        may fetch it, with their own tokens. Raises ``AlreadyExists`` for a wheel that is there, unless ``exist_ok``.
        """
        return private_wheel.add(workspace._scope, Path(file_path), exist_ok=exist_ok)

    # --- files -------------------------------------------------------------------------------------------------------

    def save_to_directory(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the environment into a folder; an existing one raises ``FileExistsError`` unless ``overwrite``."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=overwrite)
        definition = self._definition()
        conda = definition["python"].pop("condaDependencies")
        dockerfile = definition["docker"].pop("baseDockerfile")
        (folder / DEFINITION_FILE).write_text(json.dumps(definition, indent=4), "utf-8")
        (folder / CONDA_FILE).unlink(missing_ok=True)
        (folder / DOCKERFILE).unlink(missing_ok=True)
        if conda is not None:
            own = self.python.conda_dependencies
            is_own = own is not None and own.as_dict() == conda  # which has the comments of its file
            saved = own if own is not None and is_own else CondaDependencies(_underlying_structure=conda)
            saved.save(folder / CONDA_FILE)
        if dockerfile is not None:
            (folder / DOCKERFILE).write_text(dockerfile, "utf-8")

    @staticmethod
    def load_from_directory(path: str | os.PathLike[str]) -> Environment:
        """What ``save_to_directory`` wrote, here or in Azure's SDK. Raises ``FileNotFoundError``."""
        folder = Path(path)
        file = folder / DEFINITION_FILE
        if not file.is_file():
            raise FileNotFoundError(f"There is no {file}: it is what an environment's folder must hold.")
        try:
            definition = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise UserErrorException(f"{file} is not JSON: {error}.") from error
        made = Environment._from_definition(definition)
        if (folder / CONDA_FILE).is_file():
            made.python.conda_dependencies = CondaDependencies(folder / CONDA_FILE)
        if (folder / DOCKERFILE).is_file():
            made.docker.base_dockerfile = (folder / DOCKERFILE).read_text("utf-8")
        return made


class EnvironmentReference(Section):
    """A registered environment by name."""

    KEYS: ClassVar[dict[str, str]] = {"name": "name", "version": "version"}

    name: str
    version: str | None

    def __init__(self, name: str, version: str | None = None) -> None:
        self.name = name
        self.version = version

    def get_environment(self, workspace: Workspace) -> Environment:
        return Environment.get(workspace, self.name, self.version)


def _conda_of(file_path: str | os.PathLike[str]) -> CondaDependencies:
    """A conda file's packages; where it names no Python, Azure's default is added, and said."""
    conda = CondaDependencies(file_path)
    if conda.get_python_version() is None:
        sys.stdout.write(f"{os.fspath(file_path)} names no Python version: python={PYTHON_DEFAULT_VERSION} is added.\n")
        conda.set_python_version(PYTHON_DEFAULT_VERSION)
    return conda


def _pip_of(file_path: str | os.PathLike[str], pip_version: str | None) -> CondaDependencies:
    """A requirements file's lines; files it refers to with -r are read too, since they do not travel."""
    conda = CondaDependencies()
    conda.set_pip_requirements(_requirement_lines(Path(file_path)))
    conda.add_conda_package(f"pip={pip_version}" if pip_version else "pip")
    return conda


def _requirement_lines(file: Path, seen: frozenset[Path] = frozenset()) -> builtins.list[str]:
    lines: builtins.list[str] = []
    above = seen | {file.resolve()}
    joined = file.read_text("utf-8").replace("\\\n", " ")
    for line in joined.splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        option, _, other = text.replace("=", " ", 1).partition(" ")
        if option in ("-r", "--requirement"):
            target = file.parent / other.strip()
            if target.resolve() not in above:
                lines += _requirement_lines(target, above)
        else:
            lines.append(text)
    return lines
