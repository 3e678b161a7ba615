"""The making of a ``ModelPackage``: a folder with everything that its image holds, and the image.

Its layers from below: the environment (shared with runs and services), the scoring server, the models, the source.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zaffre.core import contract
from zaffre.core.entities import ModelVersion
from zaffre.core.errors import InvalidValue
from zaffre.docker.build import Context, build
from zaffre.docker.engine import Engine
from zaffre.docker.images import Registry
from zaffre.environments import image_registry, image_spec
from zaffre.environments.image_overlay import overlay_for
from zaffre.environments.images import Image, build_image
from zaffre.environments.overlay import BOOT
from zaffre.sdk import model_files, no_code, service_spec
from zaffre.sdk.discovery import home
from zaffre.sdk.environment_local import tokens_of
from zaffre.sdk.model_package import Log, ModelPackage, folder_of
from zaffre.sdk.service_folder import Source

if TYPE_CHECKING:
    from zaffre.sdk.inference import InferenceConfig
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

PORT: Final = 5001
_APP: Final = "/var/azureml-app"
_SERVING: Final = "/opt/zaffre/serving"
_ACCOUNT: Final = "10001:10001"
_NAME: Final = re.compile(r"[a-z0-9]+([._/-]+[a-z0-9]+)*")
_LABEL: Final = re.compile(r"[\w][\w.-]{0,127}")


def create(
    workspace: Workspace,
    models: Sequence[Model | str],
    inference_config: InferenceConfig | None,
    generate_dockerfile: bool,
    image_name: str | None,
    image_label: str | None,
    labels: Mapping[str, str] | None = None,
) -> ModelPackage:
    """Begin to make a package, which is sent to the registry where one is set.

    Raises ``EngineUnavailable`` and what no image could honour before anything is made.
    """
    config = inference_config or no_code.inference_config(workspace, "package", models)
    name, label = image_name or "package", image_label or time.strftime("%Y%m%d%H%M%S")
    if not _NAME.fullmatch(name) or not _LABEL.fullmatch(label):
        raise InvalidValue(f"{name}:{label} cannot name an image: use lower-case letters, digits and hyphens.")
    environment = config._environment()
    definition = environment._definition()
    image_spec.read(definition, purpose="service")
    made = _Making(
        workspace,
        models,
        service_spec.source_of(config),
        definition,
        f"{name}:{label}",
        Engine.connect(),
        {"zaffre.package": workspace.name, **(labels or {})},
        None if generate_dockerfile else image_registry.configured(),
    )
    make = made.folder if generate_dockerfile else made.image
    return ModelPackage._begin(workspace, environment, generate_dockerfile, make)


def full_name(tag: str) -> str:
    """The name that a package of this machine gets: with the registry before it, where one is set."""
    registry = image_registry.configured()
    return tag if registry is None else registry.full_name(tag)


@dataclass(frozen=True, slots=True)
class _Making:
    workspace: Workspace
    models: Sequence[Model | str]
    source: Source
    definition: Mapping[str, object]
    name: str
    engine: Engine
    labels: Mapping[str, str]
    registry: Registry | None

    def folder(self, log: Log) -> str:
        """The folder with the Dockerfile and all that it copies."""
        place = folder_of(home(), self.name)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        environment = build_image(
            self.definition,
            engine=self.engine,
            home=home(),
            log=log,
            purpose="service",
            tokens=tokens_of(self.workspace._scope),
        )
        shutil.copytree(overlay_for(environment, self.engine, home(), log), place / "serving")
        model_dir = self._place_models(place / contract.MODELS, log)
        self._place_source(place / "source")
        (place / "Dockerfile").write_text(self._dockerfile(environment, model_dir), "utf-8")
        return str(place)

    def image(self, log: Log) -> str:
        """The image's name; the folder it was made from is gone."""
        place = Path(self.folder(log))
        try:
            log(f"Building the image {self.name}.")
            files: dict[str, bytes | Path] = {one.name: one for one in place.iterdir() if one.name != "Dockerfile"}
            context = Context((place / "Dockerfile").read_text("utf-8"), files)
            build(self.engine, context, tag=self.name, log=log, labels=self.labels)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        name = self.name
        if self.registry is not None:
            name = image_registry.send(self.engine, self.name, self.registry, log)
        log(f"The image {name} is in the container engine: docker run -p {PORT}:{PORT} {name}")
        return name

    def _place_models(self, root: Path, log: Log) -> str:
        """Put the models where the entry script looks; returns what AZUREML_MODEL_DIR must say."""
        root.mkdir()
        served = service_spec.served_models(self.models)
        scope = self.workspace._scope
        folders = []
        for reference in served.registered:
            name, _, version = reference.rpartition(":")
            log(f"Fetching the model {reference}.")
            model = scope.client.get(scope.path("models", name, "versions", version), ModelVersion)
            folders.append(root / name / version)
            model_files.download(scope, model, folders[-1], overwrite=True)
        for name, path in served.local.items():
            folders.append(root / name / "0")
            _copy(Path(path), folders[-1] / Path(path).name)
        only = folders[0].relative_to(root).as_posix() if len(folders) == 1 else ""
        return f"{_APP}/{contract.MODELS}/{only}".rstrip("/")

    def _place_source(self, root: Path) -> None:
        if self.source.directory is None:
            _copy(Path(self.source.entry_script), root / Path(self.source.entry_script).name)
        else:
            _copy(Path(self.source.directory), root)

    def _dockerfile(self, environment: Image, model_dir: str) -> str:
        folder = Path(self.source.directory).name if self.source.directory else ""
        script = self.source.entry_script if folder else Path(self.source.entry_script).name
        variables = {
            **environment.variables,
            contract.APP_ROOT: _APP,
            contract.MODEL_DIR: model_dir,
            contract.ENTRY_SCRIPT: f"{folder}/{script}" if folder else script,
            contract.SERVICE_NAME: self.name.partition(":")[0],
            **({contract.SOURCE_DIRECTORY: folder} if folder else {}),
            "PYTHONUNBUFFERED": "1",
            "HOME": "/tmp",  # noqa: S108  # of an account without a home
        }
        everywhere = "0.0.0.0"  # noqa: S104  # in the container's own network
        command = [environment.python, f"{_SERVING}/{BOOT}", "zaffre.serving", "--host", everywhere]
        command += ["--port", str(PORT)]
        return "\n".join(
            [
                f"FROM {environment.tag}",
                "USER root",
                f"RUN mkdir -p {_APP} && chown {_ACCOUNT} {_APP}",
                f"COPY serving {_SERVING}",
                f"COPY --chown={_ACCOUNT} {contract.MODELS} {_APP}/{contract.MODELS}",
                *(f"ENV {key}={_quoted(value)}" for key, value in variables.items()),
                f"COPY --chown={_ACCOUNT} {json.dumps(['source', f'{_APP}/{folder}'])}",
                f"WORKDIR {_APP}",
                f"EXPOSE {PORT}",
                f"USER {_ACCOUNT}",
                f"ENTRYPOINT {json.dumps(command)}",
                "CMD []",
                "",
            ]
        )


def _quoted(value: str) -> str:
    """A value as a Dockerfile takes it."""
    if "\n" in value:
        raise InvalidValue("An environment variable with a line break cannot be put into an image.")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _copy(origin: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, target)
    else:
        shutil.copy2(origin, target)
