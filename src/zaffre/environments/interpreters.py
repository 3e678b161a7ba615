"""The Pythons of this machine, and which of them stands for the version that an environment asks for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core import contract
from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue

PYTHON_FALLBACK: Final = contract.ZAFFRE_PYTHON_FALLBACK  # "auto" (default) or "strict"

OWN_FLOOR: Final = (3, 10)  # the oldest Python that our own wheel runs on
ANY_FLOOR: Final = (3, 8)  # the oldest Python that environments are built for

Clauses = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Interpreter:
    path: Path
    version: tuple[int, int, int]

    @property
    def text(self) -> str:
        return ".".join(map(str, self.version))


@dataclass(frozen=True, slots=True)
class Choice:
    interpreter: Interpreter
    notice: str = ""  # a sentence for the build log when the version is not the one that was asked for


def running() -> Interpreter:
    """The interpreter that runs this code: of a virtual environment, the one it was made from."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(Path(base), (sys.version_info.major, sys.version_info.minor, sys.version_info.micro))


def search_path() -> str:
    """PATH for the solver's search, with the Pythons of pyenv in the place of its shims: these stand for only one of
    them, and are programs that take seconds to ask."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    pyenv = sorted((str(path.parent) for path in root.glob("versions/*/bin/python3")), reverse=True)
    others = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if pyenv:
        others = [place for place in others if not (place.endswith("shims") and Path(place).is_relative_to(root))]
    return os.pathsep.join([*pyenv, *others])


def fallback() -> str:
    """How to answer for a Python that is not on the machine: ZAFFRE_PYTHON_FALLBACK, checked."""
    mode = os.environ.get(PYTHON_FALLBACK) or "auto"
    if mode not in ("auto", "strict"):
        raise InvalidValue(f"{PYTHON_FALLBACK}={mode!r} is neither 'auto' nor 'strict'.")
    return mode


def choose(
    clauses: Clauses,
    available: Sequence[Interpreter],
    *,
    floor: tuple[int, int],
    is_default: bool,
    mode: str,
    suiting: Collection[tuple[int, int]] = (),
) -> Choice:
    """The interpreter for the version clauses of an environment.

    ``floor`` is the oldest Python that will do; ``is_default``: nobody asked for that version in particular;
    ``suiting``: minor versions that are taken rather than others where another must do. Raises
    ``EnvironmentBuildFailed`` when ``mode`` is strict and no interpreter matches, or none is new enough.
    """
    usable = [found for found in available if found.version[:2] >= floor]
    if not usable:
        raise EnvironmentBuildFailed(
            f"No Python {_dotted(floor)} or newer is on this machine (found: {_listed(available)}): install one."
        )
    matching = [found for found in usable if _matches(found.version, clauses)]
    if matching:
        return Choice(_preferred(matching, clauses))
    wanted = " and ".join(f"{op}{version}" if op not in ("=", "==") else version for op, version in clauses)
    same_minor = [found for found in usable if _matches_minor(found.version, clauses)]
    if mode == "strict" and not is_default and not same_minor:
        raise EnvironmentBuildFailed(
            f"The environment asks for Python {wanted}, which {_reason(clauses, available, floor)} "
            f"(found: {_listed(available)}), and {PYTHON_FALLBACK} is strict: install it, or change the version."
        )
    # Once another version must do, it is one that a service runs on too, so that what a run pickles a service loads.
    modern = [found for found in usable if found.version[:2] >= OWN_FLOOR]
    candidates = same_minor or modern or usable
    nearest = _nearest([found for found in candidates if found.version[:2] in suiting] or candidates, clauses)
    asked = "the default Python version" if is_default else "Python"
    return Choice(
        nearest,
        f"NOTICE: the environment asks for {asked} {wanted}, which {_reason(clauses, available, floor)}; "
        f"Python {nearest.text} is used in its place.",
    )


def is_below(clauses: Clauses, floor: tuple[int, int]) -> bool:
    """Whether a pin, or an upper bound, asks for a Python older than ``floor``."""
    pins = [(op, _numbers(text)[:2]) for op, text in clauses if op in ("=", "==", "~=", "<", "<=")]
    return any(pin < floor or (op == "<" and pin == floor) for op, pin in pins if len(pin) == 2)


def admits(minor: tuple[int, int], clause: tuple[str, str]) -> bool:
    """Whether a Python of that minor version differs from the clause's at most in its patch number."""
    return _matches_minor((*minor, 0), [clause])


def _reason(clauses: Clauses, available: Sequence[Interpreter], floor: tuple[int, int]) -> str:
    if any(_matches_minor(found.version, clauses) and found.version[:2] < floor for found in available):
        what = "Zaffre's own client needs" if floor == OWN_FLOOR else "environments are built for"
        return f"is older than what {what} ({_dotted(floor)})"
    return "is not on this machine"


def _preferred(matching: Sequence[Interpreter], clauses: Clauses) -> Interpreter:
    """Without a prefix to match, the Python that runs this code; else the newest patch."""
    own = running()
    exact = any(op in ("=", "==") for op, _ in clauses)
    if not exact and any(found.version == own.version for found in matching):
        return own
    newest = max(found.version for found in matching)
    return own if own.version == newest else next(found for found in matching if found.version == newest)


def _nearest(usable: Sequence[Interpreter], clauses: Clauses) -> Interpreter:
    numbers = next((_numbers(version) for _, version in clauses if _numbers(version)), running().version)
    target = (*numbers, 0, 0)[:3]

    def distance(found: Interpreter) -> tuple[int, int, int]:
        major, minor, patch = found.version
        return abs((major - target[0]) * 100 + minor - target[1]), abs(patch - target[2]), -minor

    return min(usable, key=distance)


def _matches(version: tuple[int, int, int], clauses: Clauses) -> bool:
    return all(_holds(version, op, text) for op, text in clauses)


def _matches_minor(version: tuple[int, int, int], clauses: Clauses) -> bool:
    """Whether only the patch number keeps the version from matching."""
    pins = [_numbers(text) for op, text in clauses if op in ("=", "==")]
    return bool(pins) and all(version[:2] == pin[:2] for pin in pins if len(pin) >= 2)


def _holds(version: tuple[int, int, int], op: str, text: str) -> bool:
    wanted = _numbers(text)
    if not wanted:
        return True
    head = version[: len(wanted)]
    if op in ("=", "==") or (op == "!=" and text.endswith("*")):
        return (head == wanted) is (op != "!=")
    if op == "~=":
        return version >= wanted and version[: max(len(wanted) - 1, 1)] == wanted[:-1]
    padded = (*wanted, 0, 0)[:3]
    holds = {
        ">=": version >= padded,
        "<=": head <= wanted,
        ">": head > wanted,
        "<": version < padded,
        "!=": head != wanted,
    }
    return holds[op]


def _numbers(text: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+){0,2}", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _listed(available: Sequence[Interpreter]) -> str:
    return ", ".join(found.text for found in sorted(available, key=lambda found: found.version)) or "none"
