"""The images that an engine has: look, fetch, send, remove."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zaffre.core.errors import EngineError, EngineUnavailable, EnvironmentBuildFailed
from zaffre.docker.engine import Engine


@dataclass(frozen=True, slots=True)
class Registry:
    """Where images come from or go to, and as whom. Never printed."""

    address: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    def full_name(self, image: str) -> str:
        """The image's name with the registry before it, unless it names one already."""
        host = self.address.removeprefix("https://").removeprefix("http://").rstrip("/")
        return f"{host}/{image}" if host and not image.startswith(f"{host}/") else image

    def headers(self) -> dict[str, str]:
        if not self.username:
            return {}
        who = {"username": self.username, "password": self.password, "serveraddress": self.address}
        return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(who).encode()).decode()}


NO_REGISTRY = Registry()


def inspect(engine: Engine, name: str) -> dict[str, Any] | None:
    """What the engine knows of an image (by name or id): Id, Config, Architecture, ...; None if it has none."""
    try:
        answer = engine.get(f"/images/{name}/json")
    except EngineError as error:
        if error.facts.get("status") == 404:
            return None
        raise
    return answer if isinstance(answer, dict) else None


def ensure(engine: Engine, name: str, log: Callable[[str], None], registry: Registry = NO_REGISTRY) -> dict[str, Any]:
    """The image, fetched if the engine has none of that name. Raises ``EnvironmentBuildFailed`` naming it."""
    found = inspect(engine, name)
    if found is not None:
        return found
    log(f"The image {name} is fetched: the container engine does not have it.")
    path, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    query = {"fromImage": name} if "@" in name else {"fromImage": path, "tag": tag}
    try:
        _transfer(engine, "/images/create", query, registry, log)
    except EngineUnavailable:
        raise
    except EngineError as error:
        raise EnvironmentBuildFailed(
            f"The image {name} is not in the container engine and cannot be fetched: {_said(error)}. Check its name "
            "and that its registry can be reached, or load it with `docker load` or `docker pull`.",
            error,
        ) from error
    found = inspect(engine, name)
    if found is None:
        raise EnvironmentBuildFailed(f"The image {name} was fetched, and the container engine does not have it.")
    return found


def push(engine: Engine, tag: str, registry: Registry, log: Callable[[str], None]) -> str:
    """Send an image to a registry under its own name; returns the full name there. Raises ``EngineError``."""
    full = registry.full_name(tag)
    name, _, version = full.rpartition(":")
    if full != tag:
        engine.post(f"/images/{tag}/tag", repo=name, tag=version)
    # The engine wants the header even where nobody signs in.
    headers = registry.headers() or {"X-Registry-Auth": base64.urlsafe_b64encode(b"{}").decode()}
    _transfer(engine, f"/images/{name}/push", {"tag": version}, registry, log, headers)
    return full


def remove(engine: Engine, name: str, *, force: bool = False) -> bool:
    """Whether there was such an image. Raises ``EngineError`` for one that a container uses."""
    try:
        engine.delete(f"/images/{name}", force=force)
    except EngineError as error:
        if error.facts.get("status") == 404:
            return False
        raise
    return True


def labelled(engine: Engine, label: str) -> list[dict[str, Any]]:
    """The images that carry a label: Id, RepoTags, Size, Created, Labels."""
    answer = engine.get("/images/json", filters={"label": [label]})
    return list(answer or ())


def _transfer(
    engine: Engine,
    path: str,
    query: Mapping[str, object],
    registry: Registry,
    log: Callable[[str], None],
    headers: Mapping[str, str] | None = None,
) -> None:
    with engine.open("POST", path, query, b"", headers or registry.headers(), timeout=None) as response:
        for line in response.lines():
            if "error" in line:
                raise EngineError(f"The container engine says: {line['error']}", said=str(line["error"]))
            if line.get("status") and not line.get("progressDetail"):
                log(" ".join(str(line[key]) for key in ("id", "status") if line.get(key)))


def _said(error: EngineError) -> str:
    return str(error.facts.get("said") or error.message).rstrip(".")
