"""Which build of PyTorch: the index's own has CUDA in it, gigabytes that a machine without a GPU has no use for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments.channels import Channel, why_unreachable
from zaffre.environments.requirements import canonical, name_of
from zaffre.environments.settings import TORCH

_INDEX: Final = "https://download.pytorch.org/whl"  # PyTorch's own, where every build is
_NAMES: Final = ("torch", "torchvision", "torchaudio")
_WHEEL = re.compile(
    r"(?P<name>torch|torchvision|torchaudio)-(?P<version>[\d.]+)\+(?P<build>\w+)-cp(?P<major>\d)(?P<minor>\d+)-"
)


@dataclass(frozen=True, slots=True)
class Choice:
    arguments: tuple[str, ...] = ()  # for uv
    pins: tuple[str, ...] = ()  # requirements that choose the build
    notice: str = ""


def choose(build: str, packages: Sequence[str], version: tuple[int, int]) -> Choice:
    """How the solver is brought to take ``build`` ("" leaves it alone) for the Python ``version``.

    Where PyTorch's index cannot be reached, a wheel of that build in a folder of PIP_FIND_LINKS or UV_FIND_LINKS will
    do. Raises ``EnvironmentBuildFailed`` if there is neither and ``packages`` name PyTorch or what is built on it.
    """
    wanted = _wanted(build, packages)
    if not wanted:
        return Choice()
    reason = _why_unreachable(build)
    if reason is None:
        return Choice(("--torch-backend", build), notice=f"PyTorch is taken in its build for {build} ({TORCH}).")
    found = _local(build, version)
    missing = [name for name in wanted if name not in found]
    if missing:
        tag = f"cp{version[0]}{version[1]}"
        named = " and ".join(f"{name}-VERSION+{build}-{tag}-..." for name in missing)
        raise EnvironmentBuildFailed(
            f"{TORCH}={build} asks for PyTorch's build for {build}, and its index cannot be reached ({reason}). Unset "
            f"{TORCH} to take the index's own build, or put {named} into a folder and name it in PIP_FIND_LINKS: the "
            "index's own packages work with the index's own PyTorch only."
        )
    pins = tuple(f"{name}=={found[name]}" for name in wanted)
    return Choice(pins=pins, notice=f"PyTorch is taken in its build for {build} ({TORCH}): {', '.join(pins)}.")


def pythons(build: str, packages: Sequence[str]) -> set[tuple[int, int]]:
    """The Pythons that this machine's folders have that build for; empty where they do not matter."""
    wanted = _wanted(build, packages)
    if not wanted or _why_unreachable(build) is None:
        return set()
    return set.intersection(*({tag for tag, found in _wheels(build) if found["name"] == name} for name in wanted))


def _wanted(build: str, packages: Sequence[str]) -> list[str]:
    named = [canonical(name_of(package) or "") for package in packages]
    return [name for name in _NAMES if build and name in named]


def _why_unreachable(build: str) -> str | None:
    return why_unreachable(Channel("PyTorch's index", f"{_INDEX}/{build}"))


def _local(build: str, python: tuple[int, int]) -> dict[str, str]:
    """name -> newest version with its build, of the wheels in the machine's own folders."""
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for tag, match in _wheels(build):
        if tag == python:
            number = tuple(int(part) for part in match["version"].split("."))
            text = f"{match['version']}+{build}"
            found[match["name"]] = max(found.get(match["name"], ((), "")), (number, text))
    return {name: text for name, (_, text) in found.items()}


def _wheels(build: str) -> Iterator[tuple[tuple[int, int], re.Match[str]]]:
    """The Python that a wheel of that build is for, and what its name says."""
    places = " ".join(os.environ.get(name, "") for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"))
    for place in re.split(r"[\s,]+", places):
        folder = Path(unquote(urlsplit(place).path)) if place.startswith("file:") else Path(place)
        if not place or ("://" in place and not place.startswith("file:")) or not folder.is_dir():
            continue
        for file in sorted(folder.glob("torch*.whl")):
            match = _WHEEL.match(file.name)
            if match is not None and match["build"] == build:
                yield (int(match["major"]), int(match["minor"])), match
