"""Real images of environments in one home, with the log of the last build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.docker_engine import BASE
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.environments.images import Image, build_image


def environment(
    *pip: str, name: str = "tested", conda: tuple[str, ...] = ("python=3.11",), **docker: Any
) -> dict[str, Any]:
    document = {"dependencies": [*conda, {"pip": list(pip)}]}
    return {"name": name, "docker": {"baseImage": BASE, **docker}, "python": {"condaDependencies": document}}


class Builds:
    """Builds in one home; ``log`` has the lines of the last one."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.engine = engine
        self.home = home
        self.log: list[str] = []

    def __call__(self, definition: dict[str, Any], **arguments: Any) -> Image:
        self.log = []
        return build_image(definition, engine=self.engine, home=self.home, log=self.log.append, **arguments)

    def run(self, image: Image, *argv: str) -> str:
        code, text = containers.output_of(self.engine, image.id, argv)
        assert code == 0, text
        return text
