"""``InferenceConfig``: the entry script of a web service and the environment it runs in."""

from __future__ import annotations

import ast
import keyword
from pathlib import Path
from typing import Any

from zaffre.core.errors import WebserviceException
from zaffre.sdk.container_registry import ContainerRegistry
from zaffre.sdk.environment import Environment
from zaffre.sdk.environment_sections import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE, DockerSection
from zaffre.sdk.unbuilt import not_built

_RUNTIMES = ("python", "spark-py", "python-slim")


class InferenceConfig:
    """``entry_script`` is relative to ``source_directory``, all of which is sent; without one, only the script is.

    The environment is given as ``environment``, or in the older way as ``runtime="python"`` with a ``conda_file``.
    Raises ``WebserviceException`` for a script that cannot be deployed.
    """

    def __init__(
        self,
        entry_script: str,
        runtime: str | None = None,
        conda_file: str | None = None,
        extra_docker_file_steps: str | None = None,
        source_directory: str | None = None,
        enable_gpu: bool | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: object = None,
        cuda_version: str | None = None,
        environment: Environment | None = None,
    ) -> None:
        self.entry_script = entry_script
        self.runtime = runtime
        self.conda_file = conda_file
        self.extra_docker_file_steps = extra_docker_file_steps
        self.source_directory = source_directory
        self.enable_gpu = enable_gpu
        self.description = description
        self.base_image = base_image
        self.base_image_registry = base_image_registry
        self.cuda_version = cuda_version
        self.environment = environment
        self.validate_configuration()

    def __repr__(self) -> str:
        return (
            f"InferenceConfig(entry_script={self.entry_script!r}, runtime={self.runtime!r}, "
            f"conda_file={self.conda_file!r}, source_directory={self.source_directory!r}, "
            f"environment={self.environment!r})"
        )

    @property
    def script_path(self) -> Path:
        """Where the entry script is on this machine."""
        return Path(self.source_directory or ".") / self.entry_script

    def validate_configuration(self) -> None:
        """Raise ``WebserviceException`` for what cannot be deployed, ``Unsupported`` for what is not honoured."""
        if self.source_directory is not None and not Path(self.source_directory).is_dir():
            raise WebserviceException(f"The source directory {self.source_directory} is not a folder.")
        _check_script(self.script_path, self.source_directory)
        self._check_environment()

    def validation_script_content(self) -> None:
        """Raise ``WebserviceException`` unless the entry script is Python that parses."""
        _check_content(self.script_path)

    def _check_environment(self) -> None:
        docker = ("extra_docker_file_steps", "enable_gpu", "base_image", "base_image_registry", "cuda_version")
        images = [name for name in docker if getattr(self, name)]
        if self.environment is not None:
            mixed = [name for name in ("runtime", "conda_file") if getattr(self, name)] + images
            if mixed:
                raise WebserviceException(
                    f"An InferenceConfig with an environment cannot have {', '.join(mixed)}: put them into the "
                    "environment."
                )
            return
        if self.cuda_version:
            raise not_built("An InferenceConfig with cuda_version", "name a base_image that has that CUDA")
        steps = self.extra_docker_file_steps
        if steps is not None and not self._beside(steps).is_file():
            raise WebserviceException(f"There is no file with Docker steps at {self._beside(steps)}.")
        if self.runtime is None:
            raise WebserviceException("An InferenceConfig needs an environment: pass environment=Environment(...).")
        if self.runtime not in _RUNTIMES:
            raise WebserviceException(f"{self.runtime!r} is not a runtime: use one of {', '.join(_RUNTIMES)}.")
        if self.runtime == "spark-py":
            raise not_built("The runtime spark-py", "use runtime='python', or an Environment")
        if self.conda_file is not None and not self._beside(self.conda_file).is_file():
            raise WebserviceException(f"There is no conda file at {self._beside(self.conda_file)}.")

    def _beside(self, name: str) -> Path:
        return Path(self.source_directory or ".") / name

    def _environment(self) -> Environment:
        """The environment to deploy: the one given, or one made of the conda file."""
        if self.environment is not None:
            return self.environment
        if self.conda_file is None:
            made = Environment("inference")
        else:
            made = Environment.from_conda_specification("inference", self._beside(self.conda_file))
        self._take_image(made.docker)
        return made

    def _take_image(self, docker: DockerSection) -> None:
        """What the older way says of the image, as an environment says it."""
        if not (self.base_image or self.extra_docker_file_steps or self.enable_gpu):
            return
        docker.enabled = True
        image = self.base_image or (DEFAULT_GPU_IMAGE if self.enable_gpu else DEFAULT_CPU_IMAGE)
        if self.extra_docker_file_steps:
            steps = self._beside(self.extra_docker_file_steps).read_text("utf-8")
            docker.base_dockerfile = f"FROM {image}\n{steps}"
        else:
            docker.base_image = image
        if isinstance(self.base_image_registry, ContainerRegistry):
            docker.base_image_registry = self.base_image_registry

    def build_create_payload(self, workspace: object, name: str, model_ids: list[str]) -> Any:
        raise not_built("InferenceConfig.build_create_payload", "deploy with Model.deploy")

    def build_profile_payload(self, profile_name: str, **kwargs: object) -> Any:
        raise not_built("InferenceConfig.build_profile_payload", "call Model.profile")


def _check_script(script: Path, source_directory: str | None) -> None:
    if script.suffix != ".py":
        raise WebserviceException(f"The entry script {script} must be a Python file that ends with .py.")
    if not script.is_file():
        relative = "" if source_directory is None else " (entry_script is relative to source_directory)"
        raise WebserviceException(f"There is no entry script at {script.absolute()}{relative}.")
    if source_directory is not None and not script.resolve().is_relative_to(Path(source_directory).resolve()):
        raise WebserviceException(f"The entry script {script} must be inside the source directory {source_directory}.")
    if not script.stem.isidentifier() or keyword.iskeyword(script.stem):
        raise WebserviceException(
            f"{script.name} cannot be imported: name the entry script with letters, digits and underscores, not with a "
            "word of Python, for instance score.py."
        )
    _check_content(script)


def _check_content(script: Path) -> None:
    try:
        ast.parse(script.read_bytes(), str(script))
    except (SyntaxError, ValueError) as error:
        raise WebserviceException(f"The entry script {script} is not valid Python: {error}.") from error
