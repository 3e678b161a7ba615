"""The images that were built for environments of this home: what they take, and giving it back."""

from __future__ import annotations

from collections import Counter
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


def touch(home: Path, tag: str) -> None:
    """The image of that tag is used now."""
    file = marker(home, tag)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def items(engine: Engine, home: Path) -> list[Item]:
    """The images of this home's environments; what other images have too is not in ``freed``."""
    shared = _shared(engine)
    running = {str(one.get("ImageID")) for one in engine.get("/containers/json")}
    counts = Counter(layer for one in engine.get("/images/json") for layer in _layers(engine, str(one["Id"])))
    found = []
    for image in images.labelled(engine, LABEL):
        for tag in image.get("RepoTags") or ():
            file = marker(home, tag)
            if file.exists():
                name = str((image.get("Labels") or {}).get(LABEL) or tag)
                size = int(image.get("Size") or 0)
                layers = _layers(engine, str(image["Id"]))
                found.append(
                    Item(
                        key=tag,
                        what=f"{name} (image)",
                        size=size,
                        freed=max(size - shared.get(str(image["Id"]), 0), 0),
                        used_at=file.stat().st_mtime,
                        in_use=image["Id"] in running,
                        kind="image",
                        layers=len(layers),
                        shared_layers=sum(counts[layer] > 1 for layer in layers),
                    )
                )
    return sorted(found, key=lambda item: -item.size)


def _layers(engine: Engine, number: str) -> list[str]:
    """The digests of an image's layers, the lowest first."""
    return list(((images.inspect(engine, number) or {}).get("RootFS") or {}).get("Layers") or ())


def _shared(engine: Engine) -> dict[str, int]:
    """Image -> bytes that other images have too, as far as the engine says."""
    found = engine.get("/system/df") or {}
    return {str(one["Id"]): max(int(one.get("SharedSize") or 0), 0) for one in found.get("Images") or ()}


def remove(engine: Engine, home: Path, item: Item) -> bool:
    """Remove one of ``items``; False for an image that a container holds, running or not."""
    try:
        elsewhere = (images.inspect(engine, item.key) or {}).get("RepoTags") or ()
        for tag in elsewhere:  # its names in registries, of which the image would go on standing here
            if tag.endswith(f"/{item.key}"):
                images.remove(engine, tag)
        images.remove(engine, item.key)
    except EngineUnavailable:
        raise
    except EngineError:
        return False
    marker(home, item.key).unlink(missing_ok=True)
    return True
