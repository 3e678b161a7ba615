"""The image that a service's container is made of, and what is mounted into it; source and models are in neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, Final

from zaffre.core.entities import EnvironmentUse, ServiceSpec
from zaffre.core.errors import EngineUnavailable
from zaffre.docker.engine import Engine
from zaffre.environments.image_overlay import overlay_for
from zaffre.environments.images import build_image
from zaffre.environments.overlay import BOOT
from zaffre.launch import docker_arguments
from zaffre.launch.container import Container, Mount, size_of
from zaffre.launch.docker import DockerBackend

COLLECTED: Final = "/var/zaffre/collected"  # where the folder for model data is mounted
_RUNTIME: Final = "/opt/zaffre/serving"  # where the scoring server is mounted


class ServiceImage:
    """Found or built by the constructor. Raises ``EngineUnavailable``, ``EnvironmentBuildFailed``, ``Unsupported``."""

    def __init__(
        self, spec: ServiceSpec, home: Path, say: Callable[[str], None], cancel: Event, tokens: Mapping[str, str]
    ) -> None:
        definition: Mapping[str, Any] = spec.environment or {}
        self.engine = Engine.connect()
        if not self.engine.is_local:
            raise EngineUnavailable(
                f"The container engine at {self.engine.address} is not on this machine, so a local service cannot be "
                "served from it: use an engine of this machine, or set ZAFFRE_LOCAL_SERVICE=process."
            )
        DockerBackend(self.engine).remove_orphans()  # of supervisors that were killed
        say(f"The service runs in a container of {self.engine.name} {self.engine.version} at {self.engine.address}.")
        self._image = build_image(
            definition, engine=self.engine, home=home, log=say, cancel=cancel, purpose="service", tokens=tokens
        )
        if spec.cpus_reserved and not self.engine.get("/info").get("CPUShares", True):
            say(f"This {self.engine.name} can reserve no processors for one container: cpu_cores changes nothing here.")
        self._spec = spec
        self._runtime = overlay_for(self._image, self.engine, home, say, cancel)
        self._docker: Mapping[str, Any] = definition.get("docker") or {}

    @property
    def summary(self) -> str:
        return f"{self._image.tag}, {'found' if self._image.reused else 'built'}"

    @property
    def argv(self) -> tuple[str, ...]:
        return (self._image.python, f"{_RUNTIME}/{BOOT}", "zaffre.serving")

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": self._image.path, **self._image.variables}

    def container(self, labels: Mapping[str, str], collected: Path | None = None) -> Container:
        """What the environment's section on Docker says of the container, honoured or refused; with a folder for model
        data, where some is collected."""
        own = () if collected is None else (Mount(collected, COLLECTED, owned=True),)
        shm = self._docker.get("shmSize")
        made = Container(
            image=self._image.tag,
            mounts=(Mount(self._runtime, _RUNTIME, read_only=True), *own),
            cpus=self._spec.cpus,
            memory=_bytes(self._spec.memory_gb),
            cpus_reserved=self._spec.cpus_reserved,
            memory_reserved=_bytes(self._spec.memory_gb_reserved),
            shm_size=size_of(str(shm), "docker.shm_size") if shm else None,
            hosts=("host.docker.internal:host-gateway",) if self.engine.name == "Docker" else (),
        )
        made = docker_arguments.apply(made, [str(word) for word in self._docker.get("arguments") or ()])
        return replace(made, labels={**made.labels, **labels})

    def use(self, revision: int) -> EnvironmentUse:
        return self._image.use(self._spec.environment_name, self._spec.environment_version, revision)


def _bytes(gigabytes: float | None) -> int | None:
    return int(gigabytes * 1024**3) if gigabytes else None
