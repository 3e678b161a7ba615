"""Whether a local service is a container or a process of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from zaffre.core import contract
from zaffre.core.errors import EngineUnavailable, InvalidValue
from zaffre.docker.engine import Engine
from zaffre.environments import image_spec

_MODES: Final = ("auto", "docker", "process")


@dataclass(frozen=True, slots=True)
class Mode:
    container: bool
    sentence: str  # for people: how it runs, and why


def choose(definition: Mapping[str, Any]) -> Mode:
    """What ``ZAFFRE_LOCAL_SERVICE`` and an environment's definition ask for.

    auto: a container where the environment asks for Docker. One that merely switches it on, as Azure's scripts do, gets
    a process where this machine has no container engine. Raises ``EngineUnavailable``, ``InvalidValue``.
    """
    mode = os.environ.get(contract.ZAFFRE_LOCAL_SERVICE) or "auto"
    if mode not in _MODES:
        raise InvalidValue(f"{contract.ZAFFRE_LOCAL_SERVICE} is {mode!r}, and must be one of {', '.join(_MODES)}.")
    if mode == "process" or (mode == "auto" and not image_spec.needs_image(definition)):
        return Mode(False, "runs as a process on this machine, without Docker")
    docker = definition.get("docker") or {}
    needed = mode == "docker" or image_spec.needs_image({**definition, "docker": {**docker, "enabled": False}})
    try:
        engine = Engine.connect()
    except EngineUnavailable as error:
        if needed:
            raise
        why = error.message.rstrip(".")
        return Mode(False, f"runs as a process on this machine, without Docker, which is not to be had here ({why})")
    return Mode(True, f"runs in a container on this machine ({engine.name} {engine.version} at {engine.address})")
