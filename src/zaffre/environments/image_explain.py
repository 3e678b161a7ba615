"""What an environment that is an image is on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaffre.core.errors import EngineError
from zaffre.docker.engine import Engine
from zaffre.environments.explain import Explanation
from zaffre.environments.image_spec import read
from zaffre.environments.images import look_for_image


def explain_image(definition: Mapping[str, Any], home: Path) -> Explanation:
    """Look, and build nothing. Raises what ``image_spec.read`` raises; without an engine its sentence is the state."""
    spec = read(definition)
    name, asked = spec.spec.name, spec.asked()
    try:
        found = look_for_image(definition, engine=Engine.connect(), home=home)
    except EngineError as error:
        return Explanation(name=name, state=error.message, asked=asked)
    image = found.image
    if image is None:
        state = "Its image is not built here: the next use builds it" + (" from its lock." if found.lock else ".")
    elif image.lock is None:
        state = f"Uses the image {image.tag} as it is, with its {image.python}."
    else:
        state = f"Built as the image {image.tag}: the next use finds it."
    return Explanation(
        name=name,
        state=state,
        asked=asked,
        lock=found.lock,
        image=image.tag if image is not None and image.lock is not None else "",
        notes=list(image.notes) if image is not None else [],
        resolutions=found.resolutions,
        differs=found.differs,
    )
