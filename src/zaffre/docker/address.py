"""Where the container engine listens: what the user says, else the places where engines put their sockets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zaffre.core.errors import EngineUnavailable

DOCKER_HOST: Final = "DOCKER_HOST"
CONTAINER_HOST: Final = "CONTAINER_HOST"  # Podman's name for the same


def address() -> str:
    """``unix:///path`` or ``tcp://host:port``; raises ``EngineUnavailable`` that says what to start."""
    named = os.environ.get(DOCKER_HOST) or os.environ.get(CONTAINER_HOST)
    if named:
        return named
    places = list(_places())
    for place in places:
        if _is_socket(place):
            return f"unix://{place}"
    raise EngineUnavailable(
        f"No container engine is found: there is no socket at {', '.join(map(str, places))}, and {DOCKER_HOST} is not "
        "set. Start Docker (`sudo systemctl start docker`) or Podman (`systemctl --user start podman.socket`)."
    )


def _places() -> Iterator[Path]:
    yield Path("/var/run/docker.sock")
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    yield runtime / "docker.sock"
    yield Path.home() / ".docker" / "run" / "docker.sock"
    yield runtime / "podman" / "podman.sock"
    yield Path("/run/podman/podman.sock")


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False
