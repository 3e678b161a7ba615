"""What a run says about the container it wants: of its environment's Docker section, and of the run configuration's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from zaffre.core import contract
from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.environments import image_spec
from zaffre.launch import docker_arguments
from zaffre.launch.container import Container, size_of


def wants_container(definition: Mapping[str, Any], configuration: Mapping[str, Any]) -> bool:
    """Whether a run is to be in a container, on this machine. ``configuration``: the run configuration, plain.

    Raises ``InvalidValue`` for a setting of ``ZAFFRE_RUNS`` that is none.
    """
    setting = os.environ.get(contract.ZAFFRE_RUNS) or "auto"
    if setting not in ("auto", "docker"):
        raise InvalidValue(f"{contract.ZAFFRE_RUNS} is {setting!r}, and must be auto or docker.")
    if setting == "docker":
        return True
    return bool(_section(configuration).get("useDocker")) or image_spec.needs_image(definition)


def container_of(definition: Mapping[str, Any], configuration: Mapping[str, Any], image: str) -> Container:
    """The container of that image with the limits that were asked for.

    Raises ``InvalidValue`` and ``Unsupported`` naming the setting that cannot be honoured.
    """
    environments, runs = _section(definition), _section(configuration)
    chosen = runs if runs.get("useDocker") else environments
    if chosen.get("sharedVolumes") is False:
        raise Unsupported("shared_volumes=False cannot be honoured: a container sees the run's files as a volume.")
    size = chosen.get("shmSize")
    made = Container(image=image, shm_size=size_of(str(size), "shm_size") if size else None)
    arguments = [*(environments.get("arguments") or ()), *(runs.get("arguments") or ())]
    return docker_arguments.apply(made, [str(argument) for argument in arguments])


def check(definition: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
    """Raise what would make the run fail: for a refusal at submit instead of on the compute target."""
    image_spec.read(definition)
    container_of(definition, configuration, "")


def _section(value: Mapping[str, Any]) -> Mapping[str, Any]:
    section = value.get("docker") or {}
    if not isinstance(section, Mapping):
        raise InvalidValue(f"The section 'docker' is not an object: {section!r}.")
    return section
