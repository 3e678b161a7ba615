"""The machine's settings for building environments, read at the moment of use."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core import contract
from zaffre.core.errors import InvalidValue

CONDA: Final = contract.ZAFFRE_CONDA
CONDA_ALIAS: Final = contract.ZAFFRE_CONDA_ALIAS
CONDA_DEFAULTS: Final = contract.ZAFFRE_CONDA_DEFAULTS
TORCH: Final = contract.ZAFFRE_TORCH

_TORCH = re.compile(r"cpu|cu\d{3}|rocm[\d.]+|xpu|auto")
# What changes a solution without standing in the specification: the solvers' own settings, and pip's that we pass on.
_BENDING = re.compile(r"(CONDA_OVERRIDE_|UV_|PIP_)\w+")
_HARMLESS: Final = ("UV_CACHE_DIR", "UV_RUN_RECURSION_DEPTH", "UV_INTERNAL__PARENT_INTERPRETER", "UV")
_FILES: Final = ("UV_CONSTRAINT", "PIP_CONSTRAINT", "UV_OVERRIDE")


@dataclass(frozen=True, slots=True)
class Settings:
    conda: str = "auto"  # "auto", "channels" (conda or an error) or "pypi" (never conda)
    alias: str = ""  # where channels that are named and not addressed stand; empty: conda's own place
    defaults: tuple[str, ...] = ()  # what the channel "defaults" stands for; empty: conda's own
    torch: str = ""  # the build of PyTorch: "cpu", "cu126", ...; empty: the index's own

    def circumstances(self) -> list[str]:
        """What belongs to a fingerprint besides the specification: the same settings give the same solution."""
        own = [self.conda, self.alias, *self.defaults, self.torch]
        return [*own, _digest_of_variables()]


def read() -> Settings:
    """The settings of this process. Raises ``InvalidValue`` naming the variable that cannot be understood."""
    conda = os.environ.get(CONDA) or "auto"
    if conda not in ("auto", "channels", "pypi"):
        raise InvalidValue(f"{CONDA}={conda!r} is none of 'auto', 'channels' and 'pypi'.")
    torch = os.environ.get(TORCH) or ""
    if torch and not _TORCH.fullmatch(torch):
        raise InvalidValue(f"{TORCH}={torch!r} is no build of PyTorch: write cpu, cu126, rocm6.3, xpu or auto.")
    defaults = tuple(re.split(r"[\s,]+", (os.environ.get(CONDA_DEFAULTS) or "").strip()))
    return Settings(conda, (os.environ.get(CONDA_ALIAS) or "").rstrip("/"), tuple(filter(None, defaults)), torch)


def _digest_of_variables() -> str:
    """A hash, because the addresses of indexes may hold passwords."""
    digest = hashlib.sha256()
    for name in sorted(name for name in os.environ if _BENDING.fullmatch(name) and name not in _HARMLESS):
        digest.update(f"{name}={os.environ[name]}\0".encode())
        if name in _FILES:
            for file in os.environ[name].split():
                digest.update(Path(file).read_bytes() if Path(file).is_file() else b"")
    return digest.hexdigest()[:16]
