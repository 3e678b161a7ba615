"""The images that were built for environments of this home: what they take, and giving it back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from zaffre.core.errors import EngineError, EngineUnavailable
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments.disk import Item

LABEL: Final = "zaffre.environment"  # of every image that is built here: the environment's name


def marker(home: Path, tag: str) -> Path:
    """The file whose time says when the image of that tag was used last."""
    return home / "images" / "used" / tag.replace("/", "-").replace(":", "-")


def items(engine: Engine, home: Path) -> list[Item]:
    """The images of this home's environments; ``freed`` is what a removal would give back at most."""
    running = {str(one.get("ImageID")) for one in engine.get("/containers/json")}
    found = []
    for image in images.labelled(engine, LABEL):
        for tag in image.get("RepoTags") or ():
            file = marker(home, tag)
            if file.exists():
                name = str((image.get("Labels") or {}).get(LABEL) or tag)
                found.append(
                    Item(
                        key=tag,
                        what=f"{name} (image)",
                        size=int(image.get("Size") or 0),
                        freed=int(image.get("Size") or 0),
                        used_at=file.stat().st_mtime,
                        in_use=image["Id"] in running,
                    )
                )
    return sorted(found, key=lambda item: -item.size)


def remove(engine: Engine, home: Path, item: Item) -> bool:
    """Remove one of ``items``; False for an image that a container holds, running or not."""
    try:
        images.remove(engine, item.key)
    except EngineUnavailable:
        raise
    except EngineError:
        return False
    marker(home, item.key).unlink(missing_ok=True)
    return True
