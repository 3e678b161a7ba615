"""Where a run's program runs: as a process of this machine or in a container, each with what it needs to be started."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from zaffre.core.entities import EnvironmentUse, ScriptSpec
from zaffre.core.errors import EngineError, Unsupported
from zaffre.docker.engine import Engine
from zaffre.environments.images import Image, build_image
from zaffre.environments.realise import Realised, realise
from zaffre.environments.solver import Cancel
from zaffre.launch.backend import Backend
from zaffre.launch.container import Mount
from zaffre.launch.docker import DockerBackend
from zaffre.launch.process import ProcessBackend
from zaffre.launch.workload import Workload
from zaffre.runner import script
from zaffre.runner.script import Online
from zaffre.sdk.container_settings import container_of, wants_container

WORKDIR: Final = "/azureml-run"  # where the run's folder stands in its container
_HOME: Final = "/var/lib/zaffre"  # what the program in the container knows as ZAFFRE_HOME: its values wait there
# bash where the image has it, as scripts expect; else the shell that every image has.
_SHELL: Final = ("/bin/sh", "-c", 'test -x /bin/bash && exec /bin/bash -c "$0" || exec /bin/sh -c "$0"')

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a preparation is told."""

    home: Path
    folder: Path  # the run's working directory
    spool: Path  # of this run
    inherited: Mapping[str, str]  # environment variables of the runner


class Prepared(Protocol):
    """An environment that is ready."""

    def use(self, name: str, version: str | None) -> EnvironmentUse: ...

    def backend(self) -> Backend: ...

    def workload(self, spec: ScriptSpec, online: Online, log_path: Path) -> Workload:
        """The program. Raises ``ScriptInvalid`` or ``Unsupported`` for what cannot be started."""

    def spools(self) -> list[Path]:
        """Folders in which the program leaves values that it could not send."""


def prepare(spec: ScriptSpec, settings: Settings, log: Log, cancel: Cancel, tokens: Mapping[str, str]) -> Prepared:
    """Build the run's environment or image, or find it. Raises what ``realise`` and ``build_image`` raise."""
    definition = _plain(spec.environment)
    if not wants_container(definition, _plain(spec.configuration)):
        home = settings.home
        made = realise(
            definition,
            home=home,
            log=log,
            interpreter=spec.interpreter,
            cancel=cancel,
            tokens=tokens,
            anew=spec.resolve_anew,
        )
        return InProcess(made, settings)
    engine = Engine.connect()
    for name in _orphans_of(engine):
        log(f"Removed the container of {name}, whose runner is gone.")
    image = build_image(
        definition,
        engine=engine,
        home=settings.home,
        log=log,
        cancel=cancel,
        tokens=tokens,
        anew=spec.resolve_anew,
    )
    return InContainer(image, engine, settings)


@dataclass(frozen=True, slots=True)
class InProcess:
    realised: Realised
    settings: Settings

    def use(self, name: str, version: str | None) -> EnvironmentUse:
        return self.realised.use(name, version)

    def backend(self) -> Backend:
        return ProcessBackend()

    def workload(self, spec: ScriptSpec, online: Online, log_path: Path) -> Workload:
        folder = self.settings.folder
        argv = script.command_line(spec, str(self.realised.python), folder)
        env = script.environment(online, spec, self.realised, self.settings.inherited)
        return Workload(argv, folder, env, log_path, online.run.id)

    def spools(self) -> list[Path]:
        return [self.settings.spool.parent]


@dataclass(frozen=True, slots=True)
class InContainer:
    image: Image
    engine: Engine
    settings: Settings

    def use(self, name: str, version: str | None) -> EnvironmentUse:
        return self.image.use(name, version)

    def backend(self) -> Backend:
        return DockerBackend(self.engine)

    def workload(self, spec: ScriptSpec, online: Online, log_path: Path) -> Workload:
        if not self.engine.is_local:
            raise Unsupported(
                f"The container engine at {self.engine.address} is not on this machine, so that a container could "
                "not see the run's files: use the engine of the machine that runs the job."
            )
        folder = self.settings.folder
        container = container_of(_plain(spec.environment), _plain(spec.configuration), self.image.tag)
        waiting = self.settings.spool / "container"
        waiting.mkdir(parents=True, exist_ok=True)
        container = replace(
            container,
            image=self.image.id,
            mounts=(Mount(waiting, _HOME, owned=True), *container.mounts),
            workdir=WORKDIR,
            network=_network(online.url),
        )
        own = replace(online, home=Path(_HOME)).variables()
        env = {
            "PATH": self.image.path,
            **container.variables,
            "PYTHONUNBUFFERED": "1",
            **self.image.variables,
            **spec.environment_variables,
            **own,
        }
        argv = script.command_line(spec, self.image.python, folder, _SHELL)
        return Workload(argv, folder, env, log_path, online.run.id, container)

    def spools(self) -> list[Path]:
        return [self.settings.spool / "container" / "spool", self.settings.spool.parent]


def _network(url: str) -> Any:
    """A server on this machine's own address is reached on this machine's network only."""
    if urlsplit(url).hostname not in ("localhost", "127.0.0.1", "::1"):
        return "bridge"
    if sys.platform != "linux":
        raise Unsupported(
            f"The server listens at {url} on this machine only, and containers here run in a machine of their own: "
            "start it with `zaffre up --host 0.0.0.0`, so that they can reach it."
        )
    return "host"


def _orphans_of(engine: Engine) -> list[str]:
    try:
        return DockerBackend(engine).remove_orphans()
    except EngineError:
        return []  # another run's are no reason for this one to fail


def _plain(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
