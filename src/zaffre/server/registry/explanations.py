"""What a registered environment is on the server's machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zaffre.core.codec import to_plain
from zaffre.core.entities import EnvironmentVersion
from zaffre.core.environment_wire import EnvironmentExplanation, EnvironmentResolution
from zaffre.environments import image_spec
from zaffre.environments.explain import explain
from zaffre.environments.image_explain import explain_image


def explained(version: EnvironmentVersion, home: Path) -> EnvironmentExplanation:
    """Look, and build nothing. Raises what the definition's reader raises for one that cannot be built."""
    plain = to_plain(version.definition)
    definition = {**(plain if isinstance(plain, Mapping) else {}), "name": version.name}
    look = explain_image if image_spec.needs_image(definition) else explain
    told = look(definition, home)
    return EnvironmentExplanation(
        name=told.name,
        state=told.state,
        asked=told.asked,
        lock=told.lock,
        prefix=told.prefix,
        image=told.image,
        notes=list(told.notes),
        resolutions=[
            EnvironmentResolution(
                at=round(entry.at * 1000),
                key=entry.key,
                built=entry.built,
                seconds=entry.seconds,
                reasons=entry.reasons,
            )
            for entry in told.resolutions
        ],
        differs=told.differs,
    )
