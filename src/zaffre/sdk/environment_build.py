"""Building an environment ahead of a run: what ``Environment.build`` answers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaffre.core.errors import ActivityFailedException, AzureMLException
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments import image_registry, image_spec
from zaffre.environments.explain import explain
from zaffre.environments.images import Image, find_image
from zaffre.environments.realise import Realised
from zaffre.sdk import discovery
from zaffre.sdk.environment_local import build_one


class ImageBuildDetails:
    """A build in the background. ``status`` is Running, Succeeded or Failed."""

    def __init__(self, definition: Mapping[str, Any], home: Path, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._definition = definition
        self._home = home
        self._lines: list[str] = []
        self._result: Realised | Image | None = None
        self._error: AzureMLException | None = None
        self._thread = threading.Thread(target=self._run, name="environment-build", daemon=True)
        self._thread.start()

    @property
    def status(self) -> str:
        if self._thread.is_alive():
            return "Running"
        return "Failed" if self._error is not None else "Succeeded"

    @property
    def log_url(self) -> str | None:
        """None: the log is in this process, see ``get_log``."""
        return None

    def get_log(self) -> str:
        return "".join(f"{line}\n" for line in tuple(self._lines))

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Wait, printing the log if asked to; raises ``ActivityFailedException`` when the build failed."""
        printed = 0
        while True:
            running = self._thread.is_alive()
            if show_output:
                lines = self._lines[printed:]
                printed += len(lines)
                sys.stdout.writelines(f"{line}\n" for line in lines)
            if not running:
                break
            self._thread.join(0.1)
        if self._error is not None:
            raise self._error
        return self

    def _run(self) -> None:
        try:
            self._result = build_one(self._definition, self._home, self._lines.append, self._tokens)
        except AzureMLException as error:
            self._lines.append(error.message)
            self._error = error
        except Exception as error:
            self._lines.append(repr(error))
            self._error = ActivityFailedException(f"The environment could not be built: {error!r}.", error)


class DockerImageDetails(dict[str, Any]):
    """A Docker image as Azure describes it: read from the keys of the dictionary."""

    @property
    def image_exist(self) -> Any:
        return self.get("imageExistsInRegistry")

    @property
    def repository(self) -> Any:
        return self._inner("dockerImage", "name")

    @property
    def registry(self) -> Any:
        return self._inner("dockerImage", "registry", "address")

    @property
    def image(self) -> str:
        return f"{self.registry}/{self.repository}" if self.registry else str(self.repository)

    @property
    def interpreter_path(self) -> Any:
        return self._inner("pythonEnvironment", "interpreterPath")

    @property
    def environment_path(self) -> Any:
        return self._inner("pythonEnvironment", "condaEnvironmentPath")

    @property
    def dockerfile(self) -> Any:
        return self._inner("ingredients", "dockerfile")

    def _inner(self, *keys: str) -> Any:
        value: Any = self
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def _registry_of(name: str | None) -> str | None:
    """The address of the registry that is set, if the image went there or came from there."""
    registry = image_registry.configured()
    if registry is None or name is None:
        return None
    return registry.address if images.inspect(Engine.connect(), registry.full_name(name)) is not None else None


def image_details(definition: Mapping[str, Any]) -> DockerImageDetails:
    """What is on this machine of an environment: its image, or the folder and interpreter that stand for one."""
    docker = definition.get("docker") or {}
    python = definition.get("python") or {}
    user_managed = python.get("interpreterPath") if python.get("userManagedDependencies") else None
    if image_spec.needs_image(definition):
        image = find_image(definition, engine=Engine.connect(), home=discovery.home())
        name, path = (image.tag, image.python) if image is not None else (None, user_managed)
        folder = str(Path(image.python).parent.parent) if image is not None and image.lock is not None else None
    else:
        found = explain(definition, discovery.home())
        is_built = bool(found.prefix) and found.state.startswith("Built")
        image, name = None, None
        folder = found.prefix if is_built else None
        path = user_managed or (f"{found.prefix}/bin/python" if is_built else None)
    return DockerImageDetails(
        {
            "imageExistsInRegistry": image is not None,
            "dockerImage": {"name": name, "registry": {"address": _registry_of(name)}},
            "pythonEnvironment": {"interpreterPath": path, "condaEnvironmentPath": folder},
            "ingredients": {"dockerfile": docker.get("baseDockerfile")},
        }
    )
