"""An environment with the real frameworks, made once from its own lock and kept in the user's cache.

It is named by a hash of what it is made of, so it stays good over checkouts and is made anew when the lock changes. It
takes 2 GB; of PyTorch the wheel for processors is taken where a folder of PIP_FIND_LINKS or UV_FIND_LINKS has it, else
the usual one with what it needs for graphics cards (3 GB more).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import uv
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tests.test_architecture import ROOT

REQUIREMENTS = ROOT / "requirements"
LOCK = REQUIREMENTS / "autolog.txt"
TORCH_LOCK = REQUIREMENTS / "autolog-torch.txt"
_COMPLETE = "complete"


def interpreter() -> Path:
    """The environment's Python; the first call on a machine makes the environment, which takes minutes."""
    wheel = processor_wheel()
    parts = [LOCK.read_text(), wheel.name if wheel else TORCH_LOCK.read_text(), sys.version, os.uname().machine]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zaffre-frameworks"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / key
    with (cache / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once make one environment
        if not (place / _COMPLETE).exists():
            shutil.rmtree(place, ignore_errors=True)
            _make(place, wheel)
            (place / _COMPLETE).touch()
    return place / "bin" / "python"


def processor_wheel() -> Path | None:
    """The locked PyTorch's wheel without code for graphics cards, if this machine has it."""
    found = re.search(r"^torch==(\S+)", TORCH_LOCK.read_text(), re.MULTILINE)
    assert found is not None
    named = " ".join(os.environ.get(name, "") for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"))
    tags = set(sys_tags())
    for folder in re.split(r"[\s,]+", named):
        for wheel in sorted(Path(folder).glob("torch-*.whl")) if folder else ():
            try:
                _, version, _, offered = parse_wheel_filename(wheel.name)
            except InvalidWheelFilename:
                continue
            if version.public == found[1] and version.local == "cpu" and offered & tags:
                return wheel
    return None


def _make(place: Path, wheel: Path | None) -> None:
    _uv("venv", "--python", sys.executable, str(place))
    inside = ("pip", "install", "--python", str(place / "bin" / "python"), "--no-deps")
    _uv(*inside, "--require-hashes", "-r", str(LOCK))
    _uv(*inside, *((str(wheel),) if wheel else ("--require-hashes", "-r", str(TORCH_LOCK))))


def _uv(*arguments: str) -> None:
    done = subprocess.run([uv.find_uv_bin(), *arguments, "--quiet"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
