"""The registry that this machine's images go to and come from, where one is set."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zaffre.core import contract
from zaffre.core.errors import EngineError, EngineUnavailable, EnvironmentBuildFailed, InvalidValue
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.docker.images import Registry

REGISTRY: Final = contract.ZAFFRE_REGISTRY
USER: Final = contract.ZAFFRE_REGISTRY_USER
PASSWORD: Final = contract.ZAFFRE_REGISTRY_PASSWORD
_PATIENCE_SECONDS: Final = 5.0
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?(/[a-z0-9._-]+)*")

Log = Callable[[str], None]


def configured() -> Registry | None:
    """``ZAFFRE_REGISTRY``, with its own user and password or those that ``docker login`` kept; None if none is set.

    Raises ``InvalidValue`` for an address that is none.
    """
    place = re.sub(r"^https?://", "", os.environ.get(REGISTRY) or "").rstrip("/")
    if not place:
        return None
    if not _PLACE.fullmatch(place):
        raise InvalidValue(f"{REGISTRY}={place!r} is no place of a registry: write HOST, HOST:PORT or HOST/FOLDER.")
    user, password = os.environ.get(USER) or "", os.environ.get(PASSWORD) or ""
    if not user:
        user, password = _login(place.partition("/")[0])
    return Registry(place, user, password)


def send(engine: Engine, tag: str, registry: Registry, log: Log) -> str:
    """Push an image; returns its name in the registry. Raises ``EnvironmentBuildFailed`` with the registry's words."""
    log(f"Pushing the image {tag} to {registry.address}.")
    reason = _why_away(engine, registry)
    if reason is not None:
        raise _failure(tag, registry, reason)
    try:
        full = images.push(engine, tag, registry, log)
    except EngineUnavailable:
        raise
    except EngineError as error:
        raise _failure(tag, registry, str(error.facts.get("said") or error.message).rstrip(".")) from error
    log(f"Pushed the image as {full}.")
    return full


def fetch(engine: Engine, tag: str, registry: Registry, log: Log) -> bool:
    """Whether the registry had the image, which then stands in the engine under ``tag``."""
    if _why_away(engine, registry) is not None:
        return False
    full = registry.full_name(tag)
    try:
        images.ensure(engine, full, lambda _: None, registry)
    except EnvironmentBuildFailed:
        return False  # not there: it is built
    name, _, version = tag.rpartition(":")
    engine.post(f"/images/{full}/tag", repo=name, tag=version)
    log(f"Fetched the image {full}, which was built elsewhere.")
    return True


def _failure(tag: str, registry: Registry, said: str) -> EnvironmentBuildFailed:
    return EnvironmentBuildFailed(
        f"The image {tag} is built, and cannot be pushed to {registry.address} ({REGISTRY}): {said}. Check the "
        f"address, and {USER} and {PASSWORD} or `docker login`."
    )


def _why_away(engine: Engine, registry: Registry) -> str | None:
    """Why nobody answers there, or None: the engine itself would try for minutes."""
    host, _, port = registry.address.partition("/")[0].partition(":")
    try:
        if engine.is_local:
            socket.create_connection((host, int(port or 443)), timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        return str(error)
    return None


def _login(host: str) -> tuple[str, str]:
    """What ``docker login`` keeps in the clear; helpers that ask a keychain are not asked."""
    folder = os.environ.get("DOCKER_CONFIG")
    file = (Path(folder) if folder else Path.home() / ".docker") / "config.json"
    try:
        entry = json.loads(file.read_text("utf-8")).get("auths", {}).get(host, {})
        user, _, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
    except (OSError, ValueError, AttributeError):
        return "", ""
    return user, password
