"""The keys of a service as its serving process knows them: SHA-256 digests in a file, so that it learns no key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path


def digest(key: str) -> str:
    """Hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def write_digests(file: Path, digests: Sequence[str] | None) -> None:
    """Let whoever holds a key with one of these digests call the service; None: everyone. The file is always whole."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({"digests": None if digests is None else list(digests)}), "utf-8")
    partial.chmod(0o644)  # in a container it is read by another account; digests of random keys tell nothing
    partial.replace(file)


def read_digests(file: Path) -> list[str] | None:
    """What ``write_digests`` wrote; nobody may call where that is not to be read."""
    try:
        held = json.loads(file.read_bytes())["digests"]
        return None if held is None else [str(one) for one in held]
    except (OSError, ValueError, KeyError, TypeError):
        return []
