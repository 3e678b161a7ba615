"""``ModelPackage``: models, an entry script and their environment as an image, or as a folder to build one from."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zaffre.core.errors import AzureMLException, InternalError, WebserviceException
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments import image_registry
from zaffre.sdk.container_registry import ContainerRegistry

if TYPE_CHECKING:
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.workspace import Workspace

_POLL_SECONDS: Final = 0.1

Log = Callable[[str], None]


class ModelPackage:
    """What ``Model.package`` makes, by a thread of this program, which does not end before it is made.

    ``state`` is Running, Succeeded or Failed; ``location`` the image's name, or the folder with the Dockerfile.
    """

    def __init__(self, workspace: Workspace, operation_id: str, environment: Environment | None) -> None:
        raise WebserviceException(
            f"There is no package with the id {operation_id!r} here: a package is made by the program that calls "
            "Model.package, which returns it."
        )

    @classmethod
    def _begin(
        cls, workspace: Workspace, environment: Environment, generates_dockerfile: bool, make: Callable[[Log], str]
    ) -> ModelPackage:
        """``make`` returns the location."""
        package = object.__new__(cls)
        package.workspace = workspace
        package.environment = environment
        package.state = "Running"
        package.location = None
        package._operation_id = str(uuid.uuid4())
        package._generates_dockerfile = generates_dockerfile
        package._error = None
        package._lines = []
        package._thread = threading.Thread(target=package._work, args=(make,), name="model-package")
        package._thread.start()
        return package

    workspace: Workspace
    environment: Environment
    state: str
    location: str | None
    _operation_id: str
    _generates_dockerfile: bool
    _error: AzureMLException | None
    _lines: list[str]
    _thread: threading.Thread

    def __repr__(self) -> str:
        return f"ModelPackage(workspace={self.workspace!r}, state={self.state}, location={self.location})"

    def wait_for_creation(self, show_output: bool = False) -> None:
        """Wait until the package is made; ``show_output`` prints its log as it grows. Raises what stood in the way."""
        shown = 0
        while True:
            ended = not self._thread.is_alive()
            for line in self._lines[shown:] if show_output else ():
                sys.stdout.write(f"{line}\n")
                shown += 1
            if ended:
                break
            self._thread.join(_POLL_SECONDS)
        if self._error is not None:
            raise self._error

    def update_creation_state(self) -> None:
        """Nothing to do: ``state`` is the present one."""

    def get_logs(self, decode: bool = True, offset: int = 0) -> str | bytes:
        """The log of the package's making, from the byte ``offset`` on; as bytes without ``decode``."""
        text = "".join(f"{line}\n" for line in self._lines).encode()[offset:]
        return text.decode("utf-8", "replace") if decode else text

    def get_container_registry(self) -> ContainerRegistry:
        """The registry that is set for this machine; without an address, the image is in its container engine alone."""
        found, known = ContainerRegistry(), image_registry.configured()
        if known is not None:
            found.address, found.username, found.password = known.address, known.username, known.password
        return found

    def pull(self) -> None:
        """Make sure that the image is in the container engine, where it was built; else it comes from the registry."""
        self._check("pull", "an image", generates_dockerfile=False)
        engine, registry = Engine.connect(), image_registry.configured()
        if registry is not None:
            images.ensure(engine, self.location or "", print, registry)
        elif images.inspect(engine, self.location or "") is None:
            raise WebserviceException(
                f"The image {self.location} was removed from the container engine of this machine, and went to no "
                "registry: package the models again."
            )
        print(f"The image {self.location} is in the container engine of this machine.")

    def save(self, output_directory: str) -> None:
        """Write the Dockerfile and all that it copies into a folder."""
        self._check("save", "a Dockerfile", generates_dockerfile=True)
        shutil.copytree(self.location or "", output_directory, dirs_exist_ok=True)

    def serialize(self) -> dict[str, Any]:
        return {
            "operationId": self._operation_id,
            "workspaceName": self.workspace.name,
            "environment": self.environment.name,
            "state": self.state,
            "location": self.location,
            "error": None if self._error is None else self._error.message,
        }

    def _check(self, act: str, kind: str, *, generates_dockerfile: bool) -> None:
        if self._generates_dockerfile != generates_dockerfile:
            other = "with" if generates_dockerfile else "without"
            raise WebserviceException(
                f"{act}() is for a package with {kind}: call Model.package {other} generate_dockerfile=True."
            )
        if self.state != "Succeeded":
            raise WebserviceException(f"The package is {self.state}: call wait_for_creation() first.")

    def _work(self, make: Callable[[Log], str]) -> None:
        try:
            self.location = make(self._say)
        except AzureMLException as error:
            self._error = error
        except Exception as error:  # a thread's own fault must reach who waits for it
            self._error = InternalError(f"{type(error).__name__}: {error}.")
        if self._error is not None:
            self._say(self._error.message)
        self.state = "Succeeded" if self._error is None else "Failed"

    def _say(self, line: str) -> None:
        self._lines.append(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}")


def folder_of(home: Path, image: str) -> Path:
    """Where the context of a package stands."""
    return home / "images" / "packages" / Path(image.replace("/", "-").replace(":", "-")).name
