"""Building an environment ahead of a run: what ``Environment.build`` answers."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zaffre.core import contract
from zaffre.core.entities import EnvironmentVersion, Run
from zaffre.core.environment_wire import EnvironmentBuild
from zaffre.core.errors import ActivityFailedException, AzureMLException, NotFound
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments import image_registry, image_spec
from zaffre.environments.explain import explain
from zaffre.environments.images import Image, find_image
from zaffre.environments.realise import Realised
from zaffre.sdk import discovery
from zaffre.sdk.environment_local import build_one
from zaffre.sdk.scope import Scope

_POLL_SECONDS: Final = 0.5
_STATUSES: Final = {
    RunStatus.QUEUED: "Queued",
    RunStatus.NOT_STARTED: "Queued",
    RunStatus.COMPLETED: "Succeeded",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELED: "Failed",
}


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


class ComputeBuildDetails(ImageBuildDetails):
    """A build on a compute target: a run of the experiment ``prepare_image``, which goes on without this process."""

    def __init__(self, scope: Scope, version: EnvironmentVersion, target: str) -> None:
        wish = EnvironmentBuild(version=version.version, target=target)
        self._scope = scope
        self._run_id = scope.client.post(scope.path("environments", version.name, "builds"), Run, wish).id

    @property
    def status(self) -> str:
        """Queued, Running, Succeeded or Failed."""
        return _STATUSES.get(self._state().status, "Running")

    @property
    def log_url(self) -> str:
        """The log's page in the Studio."""
        return self._scope.portal("runs", self._run_id)

    def get_log(self) -> str:
        path = self._scope.path("runs", self._run_id, "artifacts", file=contract.BUILD_LOG)
        try:
            return self._scope.client.read(path).decode(errors="replace")
        except NotFound:
            return ""  # it has not begun

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Wait, printing the log if asked to; raises ``ActivityFailedException`` when the build failed or was
        canceled."""
        printed = 0
        while True:
            run = self._state()  # first: what it writes before it ends is there once it has ended
            if show_output:
                log = self.get_log()
                sys.stdout.write(log[printed:])
                printed = len(log)
            if run.status in RUN_TERMINAL:
                break
            time.sleep(_POLL_SECONDS)
        if run.status is not RunStatus.COMPLETED:
            why = run.error.message if run.error else f"The build is {run.status}."
            raise ActivityFailedException(why)
        return self

    def _state(self) -> Run:
        return self._scope.client.get(self._scope.path("runs", self._run_id), Run)


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
