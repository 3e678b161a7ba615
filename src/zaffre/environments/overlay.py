"""What a service needs of ours beside the user's environment: a folder appended to ``sys.path``, never before it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments import wheel
from zaffre.environments.exclusive import exclusive
from zaffre.environments.interpreters import OWN_FLOOR, running
from zaffre.environments.lock import platform
from zaffre.environments.solver import Cancel, Solver

BOOT: Final = "zaffre_boot.py"
_MARKER: Final = "zaffre-overlay.json"

# Started as a script: its folder comes first on sys.path, and must go to the end, behind the user's packages.
_BOOT_TEXT: Final = """\
import runpy
import sys

here = sys.path.pop(0)
sys.path.append(here)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def overlay(python: Path, home: Path, log: Callable[[str], None], cancel: Cancel | None = None) -> Path:
    """A folder with our code and what it needs to serve, for the version of ``python``.

    Start a module of it in that interpreter with ``<python> <folder>/zaffre_boot.py <module> <arguments>``. Made once
    for each Python version and state of our code. Raises ``EnvironmentBuildFailed`` for a Python that is too old.
    """
    version = _version_of(python)
    if version[:2] < OWN_FLOOR:
        raise EnvironmentBuildFailed(
            f"A service needs Python {'.'.join(map(str, OWN_FLOOR))} or newer, and {python} is "
            f"{'.'.join(map(str, version))}: give its environment a newer Python."
        )
    return _found_or_built(_Target(python, f"{version[0]}.{version[1]}", platform()), home, log, cancel)


def overlay_in_image(
    version: str, uv_platform: str, home: Path, log: Callable[[str], None], cancel: Cancel | None = None
) -> Path:
    """The same for a Python in an image, such as "3.12.4" of "x86_64-manylinux_2_36": a folder of this machine, to be
    mounted. Raises ``EnvironmentBuildFailed`` for a Python that is too old."""
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < OWN_FLOOR:
        raise EnvironmentBuildFailed(
            f"A service needs Python {'.'.join(map(str, OWN_FLOOR))} or newer, and that of the image is {version}: "
            "begin with another image, or name a newer Python in the environment."
        )
    target = _Target(running().path, f"{major}.{minor}", uv_platform, is_elsewhere=True)
    return _found_or_built(target, home, log, cancel)


@dataclass(frozen=True, slots=True)
class _Target:
    """The Python that will see the folder."""

    python: Path  # that installs it
    version: str  # 3.12
    platform: str
    is_elsewhere: bool = False  # version and platform are another Python's than ``python``

    def arguments(self) -> list[str]:
        """For uv."""
        return ["--python-version", self.version, "--python-platform", self.platform] if self.is_elsewhere else []


def _found_or_built(target: _Target, home: Path, log: Callable[[str], None], cancel: Cancel | None) -> Path:
    own = wheel.own_wheel(home)
    requirements = [*wheel.serving_requirements()]
    tag = json.dumps([*map(int, target.version.split(".")), target.platform, own.name, requirements])
    folder = home / "runtime" / hashlib.sha256(tag.encode()).hexdigest()[:20]
    if (folder / _MARKER).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    purpose = f"preparing the scoring runtime for Python {target.version} (process {os.getpid()})"
    with exclusive(folder.with_suffix(".lock"), purpose, log, cancel):
        if not (folder / _MARKER).exists():
            _build(folder, target, own, requirements, log, cancel)
    return folder


def _build(
    folder: Path, target: _Target, own: Path, requirements: list[str], log: Callable[[str], None], cancel: Cancel | None
) -> None:
    log("Preparing the scoring runtime (once for each Python version).")
    solver = Solver(folder.parent, log, cancel)
    more = target.arguments()
    lock = solver.lock(requirements, (), target.python, prereleases=False, more=more)
    workshop = folder.with_suffix(f".{os.getpid()}.part")
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        pins = f"{lock}\n{wheel.requirement(own)}"
        solver.install(pins, (), python=target.python, target=workshop, more=more)
        (workshop / BOOT).write_text(_BOOT_TEXT, "utf-8")
        (workshop / _MARKER).write_text(json.dumps({"wheel": own.name}), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(workshop, folder)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _version_of(python: Path) -> tuple[int, int, int]:
    """The interpreter's own word for its version: a user-managed one may be anything."""
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        answer = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)
        major, minor, patch = answer.stdout.strip().split(".")
        return int(major), int(minor), int(patch)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EnvironmentBuildFailed(f"The interpreter {python} does not run: {error}.") from error
