"""Real environments in one home, with the log of the last build."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zaffre.environments.realise import Realised, realise


def definition(*dependencies: Any, channels: Sequence[str] | None = None, **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"dependencies": list(dependencies)}
    if channels is not None:
        document["channels"] = list(channels)
    return {"name": "env", "python": {"condaDependencies": document}, **more}


def run(realised: Realised, code: str) -> str:
    answer = subprocess.run([realised.python, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return answer.stdout.strip()


class Builder:
    """Realises in one home and keeps the log of the last build."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lines: list[str] = []

    def __call__(self, given: dict[str, Any], **more: Any) -> Realised:
        self.lines = []
        return realise(given, home=self.home, log=self.lines.append, **more)

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    @property
    def prefixes(self) -> list[str]:
        """What stands in the cache beside its own folders."""
        own = ("index", "locks", "names")
        return sorted(path.name for path in (self.home / "environments").iterdir() if path.name not in own)
