"""What was built as an image under each name on this machine, and why: kept for those who ask."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from zaffre.core.entities import EnvironmentLock
from zaffre.environments import history, lock
from zaffre.environments.image_base import Base
from zaffre.environments.image_spec import ImageSpec
from zaffre.environments.resolve import Resolver

_FOLDER: Final = "images"


class ImageHistory:
    """The resolutions of one environment's name to images, and what speaks against the last one."""

    def __init__(self, home: Path, spec: ImageSpec, base: Base, resolver: Resolver) -> None:
        self._history = history.History(home, spec.spec.name, _FOLDER)
        self._spec = spec
        self._base = base
        self._resolver = resolver

    def entries(self) -> list[history.Entry]:
        return self._history.entries()

    def asked(self) -> list[str]:
        """What is asked for here and now; the base image in the state that it has."""
        begin, *_ = self._spec.asked()
        return [f"{begin} ({self._base.id.removeprefix('sha256:')[:12]})", *self._resolver.asked()]

    def differs(self) -> list[str]:
        """Why the next use resolves anew; nothing where no image was built under this name."""
        entries = self.entries()
        return history.changes(entries[-1], self.asked()) if entries else []

    def reasons(self, held: EnvironmentLock, *, anew: bool, is_gone: str) -> list[str]:
        """Why what is known of this name does not do. ``is_gone``: the tag of an image that was built of this lock."""
        entries = self.entries()
        if not entries:
            return []
        if is_gone:
            return [f"The image {is_gone}, built before from this lock, is gone."]
        said = ["It was asked to be resolved anew."] if anew else []
        return said + history.changes(entries[-1], self.asked(), lock.packages(held))

    def add(
        self, key: str, held: EnvironmentLock, *, built: bool, seconds: dict[str, float], reasons: Sequence[str]
    ) -> None:
        self._history.add(
            history.Entry(
                at=time.time(),
                key=key,
                asked=self.asked(),
                packages=lock.packages(held),
                python=held.python,
                built=built,
                seconds=seconds,
                reasons=list(reasons),
            )
        )
