"""How to start the scoring server in an interpreter. Asking one takes as long as it starts, so its answer is kept until
something is installed in it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Final

from zaffre import __version__
from zaffre.environments.overlay import BOOT, overlay

_OWN: Final = "import json, sys, zaffre, zaffre.serving.front; print(json.dumps([zaffre.__version__, sys.path]))"


class Interpreters:
    """What one supervisor knows of interpreters, from one deployment to the next."""

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        self._home = home
        self._say = say
        self._known: dict[tuple[str, bool], tuple[tuple[str, ...], list[str], list[object]]] = {}

    def command(self, python: Path, env: Mapping[str, str], cancel: Event, *, is_users: bool) -> tuple[str, ...]:
        """What stands before the server's arguments. ``is_users``: it may hold the server itself."""
        name = str(python)
        if (known := self._known.get((name, is_users))) is not None:
            command, places, state = known
            if state == _state(name, env, places):
                return command
        found = _places(name, env) if is_users else None
        if found is not None:
            command, places = (name, "-m", "zaffre.serving"), found
        else:
            beside = overlay(python, self._home, self._say, cancel)
            command, places = (name, str(beside / BOOT), "zaffre.serving"), [str(beside)]
        self._known[name, is_users] = command, places, _state(name, env, places)
        return command


def _state(python: str, env: Mapping[str, str], places: list[str]) -> list[object]:
    """What is another when the interpreter is, or when something was installed or removed."""
    variables = {key: value for key, value in env.items() if key.startswith("PYTHON")}
    return [os.path.realpath(python), variables, *(_changed_at(one) for one in (python, *places))]


def _changed_at(place: str) -> int | None:
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return None


def _places(python: str, env: Mapping[str, str]) -> list[str] | None:
    """Where the user's own interpreter finds packages, if it holds this version of the scoring server."""
    try:
        asked = subprocess.run([python, "-c", _OWN], env=dict(env), cwd="/", capture_output=True, timeout=60)
        if asked.returncode:
            return None
        version, places = json.loads(asked.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return [str(place) for place in places] if version == __version__ else None
