"""What an image that another begins with has in it: its platform, its Pythons, its account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from zaffre.core.codec import convert
from zaffre.core.errors import EngineError, EngineUnavailable
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.environments.cache import read_json, write_json
from zaffre.environments.interpreters import Interpreter

# uv's names of platforms, by the newest C library that each may have.
_GLIBC: Final = ((2, 17), (2, 28), *((2, minor) for minor in range(31, 41)))
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}

# Prints a line for each Python, and one for the C library; asks nothing of the image but a shell.
_PROBE: Final = r"""
for python in python3 python /opt/*conda*/bin/python /opt/*/bin/python3 /usr/bin/python3.? /usr/bin/python3.?? \
  /usr/local/bin/python3.? /usr/local/bin/python3.??; do
  path=$(command -v "$python" 2>/dev/null) || continue
  "$path" -c 'import sys; print("python", sys.executable, "%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
done
echo "libc $( (ldd --version 2>&1 || true) | head -n 2 | tr '\n' ' ')"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """``pythons``: path -> version, those on PATH first."""

    name: str
    id: str
    machine: str  # "x86_64"
    libc: str  # "glibc 2.36", "musl", "" where it cannot be told
    user: str  # whom programs run as; "" is root
    path: str  # its PATH
    entrypoint: list[str]
    pythons: dict[str, str]

    @property
    def platform(self) -> str:
        return f"linux-{self.machine}-cpython"

    @property
    def uv_platform(self) -> str:
        """The platform as uv names it, for packages that run in the image."""
        if self.libc.startswith("musl"):
            return f"{self.machine}-unknown-linux-musl"
        found = re.search(r"(\d+)\.(\d+)", self.libc)
        version = (int(found[1]), int(found[2])) if found else (2, 28)
        major, minor = max((known for known in _GLIBC if known <= version), default=_GLIBC[0])
        return f"{self.machine}-manylinux_{major}_{minor}"

    @property
    def glibc(self) -> str:
        """Such as "2.36"; "" where it has another C library, or none that could be asked."""
        return self.libc.removeprefix("glibc ") if self.libc.startswith("glibc ") else ""

    def interpreters(self) -> list[Interpreter]:
        found = []
        for path, text in self.pythons.items():
            major, minor, micro = (int(part) for part in text.split("."))
            found.append(Interpreter(Path(path), (major, minor, micro)))
        return found


def look(engine: Engine, image: Mapping[str, Any], home: Path, name: str) -> Base:
    """What is in an image that ``docker.images`` inspected: asked once by a short container, then remembered.

    ``name`` is what people call it.
    """
    number = str(image["Id"])
    file = home / "images" / "bases" / f"{number.rpartition(':')[2]}.json"
    known = read_json(file)
    if known is not None:
        return replace(convert(known, Base, what="what is known of a base image"), name=name)
    config = image.get("Config") or {}
    variables = variables_of(image)
    pythons, libc = _probe(engine, number)
    base = Base(
        name=name,
        id=number,
        machine=_MACHINES.get(str(image.get("Architecture")), str(image.get("Architecture") or "x86_64")),
        libc=libc,
        user=str(config.get("User") or ""),
        path=variables.get("PATH") or "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        entrypoint=list(config.get("Entrypoint") or ()),
        pythons=pythons,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, asdict(base))
    return base


def variables_of(image: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables of an image that ``docker.images`` inspected."""
    return dict(entry.partition("=")[::2] for entry in (image.get("Config") or {}).get("Env") or ())


def _probe(engine: Engine, image: str) -> tuple[dict[str, str], str]:
    try:
        _, text = containers.output_of(engine, image, ["/bin/sh", "-c", _PROBE])
    except EngineUnavailable:
        raise
    except EngineError:
        return {}, ""  # an image without a shell has no Python that could be found this way
    pythons: dict[str, str] = {}
    libc = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "python":
            path, _, version = rest.rpartition(" ")
            pythons.setdefault(path, version)
        elif kind == "libc":
            number = re.search(r"\d+\.\d+", rest)
            libc = "musl" if "musl" in rest.lower() else f"glibc {number[0]}" if number else ""
    return pythons, libc
