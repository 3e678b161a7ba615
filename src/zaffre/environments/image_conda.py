"""Conda packages for an image: linked on this machine, with the place in their files where they stand in the image."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zaffre.core.entities import CondaPin
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments import activation, image_base
from zaffre.environments.conda import Split
from zaffre.environments.image_base import Base
from zaffre.environments.image_recipe import PREFIX, Linked
from zaffre.environments.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Made:
    prefix: Linked
    split: Split


def _compile(prefix: Path) -> None:
    """Packages of any platform come without bytecode, and in a container nobody can write it beside them."""
    python = prefix / "bin" / "python"
    found = [str(folder) for folder in prefix.glob("lib/python3*/site-packages")]
    if python.exists() and found:
        arguments = [
            str(python),
            "-I",
            "-B",
            "-m",
            "compileall",
            "-q",
            "-j",
            "0",
            "-s",
            str(prefix),
            "-p",
            PREFIX,
            *found,
        ]
        subprocess.run(arguments, check=False, capture_output=True)  # some files are templates, in no Python


@contextmanager
def linked(
    pins: Sequence[CondaPin], resolver: Resolver, base: Base, engine: Engine, log: Callable[[str], None]
) -> Iterator[Made]:
    """A prefix for the image, gone afterwards: its packages are links to those that were fetched."""
    place = resolver.home / "images"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="conda-", dir=place, ignore_cleanup_errors=True) as folder:
        prefix = Path(folder) / "prefix"
        split = resolver.conda.install(pins, prefix, resolver.channels(), place=PREFIX)
        log(split.sentence(len(pins)))
        _compile(prefix)
        captured = activation.moved(activation.capture(prefix), prefix, PREFIX)
        before = image_base.variables_of(images.inspect(engine, base.id) or {})
        variables = activation.applied(captured, {**before, "PATH": base.path})
        several = [name for name, value in variables.items() if "\n" in value]
        if several:
            log(f"NOTICE: {', '.join(several)} of conda packages hold several lines and are not set in the image.")
        if variables:
            log(f"Variables that conda packages set: {', '.join(variables)}.")
        yield Made(Linked(prefix, {name: value for name, value in variables.items() if "\n" not in value}), split)
