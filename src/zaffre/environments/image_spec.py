"""The Docker part of an environment's definition, read: which image to begin with, and what it is told when it runs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from platform import machine
from typing import Any, Final

from zaffre.core import contract
from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.docker.images import NO_REGISTRY, Registry
from zaffre.environments.image_context import BuildContext
from zaffre.environments.spec import Purpose, Spec, parse

# Azure's plain base images hold an operating system and conda, nothing that a process on this machine lacks.
_PLAIN_IMAGE = re.compile(r"mcr\.microsoft\.com/azureml/(base|base-gpu|openmpi|intelmpi|minimal-)[^/]*")
DEFAULT_ARCHITECTURE: Final = "amd64"
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What an image must hold: an image, a Dockerfile or a build context to begin with, and ``spec``'s packages."""

    spec: Spec
    base_image: str | None
    dockerfile: str | None  # its text
    context: BuildContext | None = None
    registry: Registry = field(default_factory=lambda: NO_REGISTRY)

    @property
    def repository(self) -> str:
        """What the image is called in the engine, without its tag."""
        return f"zaffre/{_NAME.sub('-', self.spec.name.lower()).strip('-')[:80] or 'environment'}"

    def asked(self) -> list[str]:
        """One line for each thing that is asked for."""
        begin = f"image of {self.context}" if self.context else f"image {self.base_image}"
        if self.dockerfile:
            begin = "image of its Dockerfile"
        return [begin, *self.spec.asked()]


def is_plain(image: str) -> bool:
    """Whether it is one of Azure's that hold nothing of their own, so that another can stand for it."""
    return bool(_PLAIN_IMAGE.match(image))


def needs_image(definition: Mapping[str, Any]) -> bool:
    """Whether an environment can only be had in an image: it is switched on, or names one that is more than plain."""
    docker = _docker(definition)
    image = docker.get("baseImage")
    named = bool(image) and not is_plain(str(image))
    return bool(docker.get("enabled") or docker.get("baseDockerfile") or docker.get("buildContext") or named)


def read(definition: Mapping[str, Any], *, purpose: Purpose = "run") -> ImageSpec:
    """Raises what ``spec.parse`` raises, ``Unsupported`` for what no image could be built from."""
    name = str(definition.get("name") or "environment")
    docker = _docker(definition)
    system = (docker.get("platform") or {}).get("os")
    if system and str(system).lower() != "linux":
        raise Unsupported(f"Environment {name!r} asks for the platform {system}, and images are built for Linux only.")
    _check_architecture(name, docker)
    dockerfile = docker.get("baseDockerfile")
    image = docker.get("baseImage")
    context = docker.get("buildContext")
    if not dockerfile and not image and not context:
        raise InvalidValue(
            f"Environment {name!r} is to be an image and names none to begin with: set docker.base_image, "
            "docker.base_dockerfile or docker.build_context."
        )
    if context and not isinstance(context, Mapping):
        raise InvalidValue(f"docker.buildContext of environment {name!r} is not an object: {context!r}.")
    sent = BuildContext.of(context) if context and not dockerfile else None
    registry = _registry(docker)
    spec = parse(definition, purpose=purpose, in_image=True)
    named = None if dockerfile or context else str(image)
    stand_in = os.environ.get(contract.ZAFFRE_BASE_IMAGE)
    if named is not None and stand_in and is_plain(named):
        notice = f"NOTICE: the image {stand_in} stands for {named} ({contract.ZAFFRE_BASE_IMAGE})."
        spec, named, registry = replace(spec, notices=(*spec.notices, notice)), stand_in, NO_REGISTRY
    return ImageSpec(
        spec=spec,
        base_image=None if named is None else registry.full_name(named),
        dockerfile=str(dockerfile) if dockerfile else None,
        context=sent,
        registry=registry,
    )


def _check_architecture(name: str, docker: Mapping[str, Any]) -> None:
    """Azure's default stands in every definition and asks for nothing; another one must be this machine's."""
    wanted = str((docker.get("platform") or {}).get("architecture") or DEFAULT_ARCHITECTURE).lower()
    own = _MACHINES.get(machine().lower(), machine().lower())
    if wanted not in (DEFAULT_ARCHITECTURE, own):
        raise Unsupported(
            f"Environment {name!r} asks for the architecture {wanted} (docker.platform.architecture), and images are "
            f"built here for this machine's, {own}: leave it out."
        )


def _registry(docker: Mapping[str, Any]) -> Registry:
    given = docker.get("baseImageRegistry")
    if not isinstance(given, Mapping):
        return NO_REGISTRY
    identity = given.get("registryIdentity") or {}
    if any(identity.values()):
        raise Unsupported(
            "docker.base_image_registry.registry_identity names an identity of Azure, which no registry here can be "
            "asked with: set username and password."
        )
    return Registry(
        address=str(given.get("address") or ""),
        username=str(given.get("username") or ""),
        password=str(given.get("password") or ""),
    )


def _docker(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    section = definition.get("docker") or {}
    if not isinstance(section, Mapping):
        raise InvalidValue(f"The section 'docker' of the environment's definition is not an object: {section!r}.")
    return section
