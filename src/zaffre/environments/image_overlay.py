"""The scoring server for the Python of an image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from zaffre.core.errors import EngineError, EngineUnavailable, EnvironmentBuildFailed
from zaffre.docker import containers, images
from zaffre.docker.engine import Engine
from zaffre.environments import image_base
from zaffre.environments.images import Image
from zaffre.environments.overlay import overlay_in_image
from zaffre.environments.solver import Cancel

_VERSION: Final = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


def overlay_for(
    image: Image, engine: Engine, home: Path, log: Callable[[str], None], cancel: Cancel | None = None
) -> Path:
    """A folder of this machine to be mounted or copied, as ``overlay`` has it. Raises ``EnvironmentBuildFailed`` for
    an image without Python, or with one that is too old."""
    found = images.inspect(engine, image.id)
    base = image_base.look(engine, found or {"Id": image.id}, home, image.tag)
    version = image.lock.python if image.lock is not None else base.pythons.get(image.python)
    return overlay_in_image(version or _asked(image, engine), base.uv_platform, home, log, cancel)


def _asked(image: Image, engine: Engine) -> str:
    """The version that an interpreter which is not in one of the usual places says itself."""
    try:
        code, told = containers.output_of(engine, image.id, [image.python, "-c", _VERSION])
    except EngineUnavailable:
        raise
    except EngineError as error:
        code, told = 1, error.message
    if code != 0:
        raise EnvironmentBuildFailed(
            f"The image {image.tag} has no Python at {image.python!r}, and an entry script needs one: name it as "
            f"python.interpreter_path, or give the environment conda or pip packages. It says: {told.strip()[-300:]}"
        )
    return told.strip()
