"""Single containers: run a short program in an image and have its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zaffre.core.errors import EngineError
from zaffre.docker.engine import Engine


def create(engine: Engine, settings: Mapping[str, Any], name: str | None = None) -> str:
    """The id of a new container; ``settings`` as the API's ContainerCreate has them."""
    answer = engine.call("POST", "/containers/create", {"name": name}, settings)
    return str(answer["Id"])


def remove(engine: Engine, container: str) -> None:
    """End and remove a container; one that is gone is no error."""
    try:
        engine.delete(f"/containers/{container}", force=True, v=True)
    except EngineError as error:
        if error.facts.get("status") not in (404, 409):  # 409: somebody else is removing it
            raise


def inspect(engine: Engine, container: str) -> dict[str, Any] | None:
    """What the engine knows of a container; None if it has none of that id or name."""
    try:
        answer = engine.get(f"/containers/{container}/json")
    except EngineError as error:
        if error.facts.get("status") == 404:
            return None
        raise
    return answer if isinstance(answer, dict) else None


def labelled(engine: Engine, *labels: str) -> list[dict[str, Any]]:
    """Containers, running or not, that carry every one of the labels (``key`` or ``key=value``)."""
    return list(engine.get("/containers/json", all=True, filters={"label": list(labels)}) or ())


def has_path(engine: Engine, container: str, path: str) -> bool:
    """Whether there is such a file in a container, which need not run; its mounts count."""
    try:
        engine.call("HEAD", f"/containers/{container}/archive", {"path": path})
    except EngineError as error:
        if error.facts.get("status") == 404:
            return False
        raise
    return True


def output_of(engine: Engine, image: str, argv: Sequence[str]) -> tuple[int, str]:
    """Run a program in an image, without network and rights, to its end: its exit code, and what it printed.

    Raises ``EngineError`` where the program cannot be started at all.
    """
    settings = {
        "Image": image,
        "Entrypoint": [argv[0]],
        "Cmd": list(argv[1:]),
        "Labels": {"zaffre.probe": ""},
        "HostConfig": {"NetworkMode": "none", "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"]},
    }
    container = create(engine, settings)
    try:
        engine.post(f"/containers/{container}/start")
        code = int(engine.post(f"/containers/{container}/wait")["StatusCode"])
        with engine.open("GET", f"/containers/{container}/logs", {"stdout": True, "stderr": True}) as response:
            text = b"".join(response.frames()).decode("utf-8", "replace")
    finally:
        remove(engine, container)
    return code, text
