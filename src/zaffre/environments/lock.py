"""A lock: exactly what an environment holds, as a value that can be compared, read, stored, and built from."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from zaffre.core.entities import CondaPin, EnvironmentLock
from zaffre.environments.requirements import canonical, without_credentials

OWN_WHEEL: Final = "own-wheel:"  # stands in a lock for the folder of our own wheels, which differs between machines

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==\s*(?P<version>[^\s;\\]+)|@\s*(?P<url>\S+))")


def make(python: str, conda: Sequence[CondaPin] = (), pip: str = "", of: str = "") -> EnvironmentLock:
    """The lock with its key. ``python`` is the exact version; ``pip`` what the solver answered; ``of`` the platform,
    where it is not this machine's."""
    pins = sorted(conda, key=lambda pin: pin.name)
    lines = "\n".join(line.rstrip() for line in pip.splitlines() if line.strip())
    made = EnvironmentLock(key="", platform=of or platform(), python=python, conda=pins, pip=lines)
    return replace(made, key=key_of(made))


def platform() -> str:
    machine = "" if sys.platform == "win32" else os.uname().machine
    return f"{sys.platform}-{machine}-{sys.implementation.name}"


def key_of(lock: EnvironmentLock) -> str:
    """Decided by what is installed, not by where it comes from: a mirror's package is the same package."""
    pins = [f"{pin.name}={pin.version}={pin.build}#{pin.sha256}" for pin in lock.conda]
    text = "\0".join([lock.python, lock.platform, *pins, lock.pip])
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def portable(pip: str, wheels: Path) -> str:
    """The solver's answer without this machine's place of our own wheels."""
    return pip.replace(f"{wheels.absolute().as_uri()}/", OWN_WHEEL)


def installable(pip: str, wheels: Path) -> str:
    """The inverse of ``portable``."""
    return pip.replace(OWN_WHEEL, f"{wheels.absolute().as_uri()}/")


def packages(lock: EnvironmentLock) -> dict[str, str]:
    """name -> exact version of everything in the lock; of a requirement by address, the address."""
    found = {pin.name: pin.version for pin in lock.conda}
    for line in lock.pip.splitlines():
        pin = _PIN.match(line)
        if pin is not None:
            found[canonical(pin["name"])] = pin["version"] or without_credentials(pin["url"])
    return found


def text_of(lock: EnvironmentLock) -> str:
    """The lock for people: every line is one package."""
    lines = [f"# key {lock.key}", f"# platform {lock.platform}", f"# python {lock.python}"]
    if lock.conda:
        lines += ["", "# conda"]
        lines += [f"{pin.name}={pin.version}={pin.build}  {pin.url}#sha256:{pin.sha256}" for pin in lock.conda]
    if lock.pip:
        lines += ["", "# pip", without_credentials(lock.pip)]
    return "\n".join(lines) + "\n"


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What changed between two sets of packages, one sentence part for each: ``numpy 1.26.4 -> 2.0.0``."""
    changed = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None:
            changed.append(f"{name} {new} is new")
        elif new is None:
            changed.append(f"{name} {old} is gone")
        elif old != new:
            changed.append(f"{name} {old} -> {new}")
    return changed
