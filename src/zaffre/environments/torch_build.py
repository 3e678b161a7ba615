"""Which build of PyTorch: the index's own has CUDA in it, gigabytes that a machine without a GPU has no use for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
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
_WHEEL = re.compile(r"(?P<name>torch|torchvision|torchaudio)-(?P<version>[\d.]+)\+(?P<build>\w+)-(?P<tag>cp\d+)-")


@dataclass(frozen=True, slots=True)
class Choice:
    arguments: tuple[str, ...] = ()  # for uv
    pins: tuple[str, ...] = ()  # requirements that choose the build
    notice: str = ""


def choose(build: str, packages: Sequence[str], version: tuple[int, int]) -> Choice:
    """How the solver is brought to take ``build`` ("" leaves it alone) for the Python ``version``.

    Where PyTorch's index cannot be reached, a wheel of that build in a folder of PIP_FIND_LINKS or UV_FIND_LINKS will
    do. Raises ``EnvironmentBuildFailed`` if there is neither and ``packages`` name PyTorch.
    """
    named = [canonical(name_of(package) or "") for package in packages]
    wanted = [name for name in _NAMES if name in named]
    if not build or not wanted:
        return Choice()
    reason = why_unreachable(Channel("PyTorch's index", f"{_INDEX}/{build}"))
    if reason is None:
        return Choice(("--torch-backend", build), notice=f"PyTorch is taken in its build for {build} ({TORCH}).")
    found = _local(build, f"cp{version[0]}{version[1]}")
    pins = tuple(f"{name}=={found[name]}" for name in wanted if name in found)
    if "torch" in wanted and "torch" not in found:
        raise EnvironmentBuildFailed(
            f"{TORCH}={build} asks for PyTorch's build for {build}, and its index cannot be reached ({reason}). Unset "
            f"{TORCH} to take the index's own build, or put a wheel torch-VERSION+{build}-cp{version[0]}{version[1]}-"
            "... into a folder and name it in PIP_FIND_LINKS."
        )
    return Choice(pins=pins, notice=f"PyTorch is taken in its build for {build} ({TORCH}): {', '.join(pins)}.")


def _local(build: str, tag: str) -> dict[str, str]:
    """name -> newest version with its build, of the wheels in the machine's own folders."""
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    places = " ".join(os.environ.get(name, "") for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"))
    for place in re.split(r"[\s,]+", places):
        folder = Path(unquote(urlsplit(place).path)) if place.startswith("file:") else Path(place)
        if not place or ("://" in place and not place.startswith("file:")) or not folder.is_dir():
            continue
        for file in folder.glob("torch*.whl"):
            match = _WHEEL.match(file.name)
            if match is not None and match["build"] == build and match["tag"] == tag:
                number = tuple(int(part) for part in match["version"].split("."))
                found[match["name"]] = max(
                    found.get(match["name"], ((), "")), (number, f"{match['version']}+{match['build']}")
                )
    return {name: text for name, (_, text) in found.items()}
