"""The environment variables that conda packages set when their prefix is activated, found out once, when it is built.

A prefix has them in three places, read in conda's order (conda: activate.py): ``etc/conda/env_vars.d/*.json``,
``conda-meta/state``, and the shell scripts ``etc/conda/activate.d/*.sh``. The scripts run once, in a shell that has
almost nothing in its environment; what they set is kept, and a program is started without a shell.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments.interpreters import running

_BEFORE: Final = "@zaffre-before@"  # stands in a value for what the variable held before
# Lists that scripts put folders before or behind; of any other variable they are not told what it held.
_LISTS: Final = (
    *("PATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "PKG_CONFIG_PATH", "MANPATH"),
    *("XDG_DATA_DIRS", "CMAKE_PREFIX_PATH", "PYTHONPATH", "PERL5LIB", "CLASSPATH", "GI_TYPELIB_PATH", "ACLOCAL_PATH"),
)
_OURS: Final = ("CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_")
_PATIENCE_SECONDS: Final = 60
_LAST_LINES: Final = 20
_SCRIPT: Final = """
for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
  echo "@@$script" >&2
  . "$script"
done
echo "@@" >&2
exec "$0" -I -S -c 'import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], "w"))' "$1"
"""


def capture(prefix: Path) -> dict[str, str]:
    """What the packages of a conda prefix set; give it to ``applied``. Raises ``EnvironmentBuildFailed`` naming a
    script that ends the shell, with its last lines."""
    found = _declared(prefix)
    if next((prefix / "etc/conda/activate.d").glob("*.sh"), None) is None:
        return found
    told = _run(prefix, found)
    for name, value in told.items():
        is_ours = name in _OURS or name.startswith("BASH_FUNC_")
        is_untouched = value == (f"{prefix}/bin:{_BEFORE}" if name == "PATH" else _BEFORE)
        if not is_ours and not is_untouched:
            found[name] = value
    return found


def applied(captured: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """The values of the captured variables for a program that otherwise has ``variables``."""
    return {name: _filled(value, variables.get(name, "")) for name, value in captured.items()}


def moved(captured: Mapping[str, str], prefix: Path, place: str) -> dict[str, str]:
    """The same for a prefix that will stand in another place."""
    return {name: value.replace(str(prefix), place) for name, value in captured.items()}


def _filled(value: str, before: str) -> str:
    if _BEFORE not in value:
        return value
    parts = value.replace(_BEFORE, before).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys(part for part in parts if part))


def _declared(prefix: Path) -> dict[str, str]:
    """The variables that need no script."""
    found: dict[str, str] = {}
    for file in sorted((prefix / "etc/conda/env_vars.d").glob("*.json")):
        found |= _texts(file, _read(file))
    state = prefix / "conda-meta/state"
    if state.is_file():
        found |= _texts(state, _read(state).get("env_vars") or {})
    return found


def _read(file: Path) -> Mapping[str, object]:
    try:
        document = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise EnvironmentBuildFailed(f"The variables of a conda package, {file}, are not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise EnvironmentBuildFailed(f"The variables of a conda package, {file}, are not an object.")
    return document


def _texts(file: Path, variables: object) -> dict[str, str]:
    if not isinstance(variables, Mapping):
        raise EnvironmentBuildFailed(f"The variables in {file} are not an object.")
    return {str(name): str(value) for name, value in variables.items() if value is not None}


def _run(prefix: Path, declared: Mapping[str, str]) -> dict[str, str]:
    shell = shutil.which("bash") or "/bin/sh"
    before = {**dict.fromkeys(_LISTS, _BEFORE), **declared}
    with tempfile.TemporaryDirectory(prefix="zaffre-activation-") as folder:
        before |= {"PATH": f"{prefix}/bin:{os.defpath}:{_BEFORE}", "HOME": folder, "LANG": "C.UTF-8"}
        before |= {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": str(prefix), "CONDA_SHLVL": "1"}
        answer = Path(folder) / "variables.json"
        try:
            done = subprocess.run(
                [shell, "-c", _SCRIPT, str(running().path), str(answer)],
                cwd=folder,
                env=before,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
            said, why = done.stdout + done.stderr, f"ended the shell with {done.returncode}"
        except subprocess.TimeoutExpired as error:
            told = error.stderr or b""
            said, why = told.decode("utf-8", "replace") if isinstance(told, bytes) else told, "did not end"
        if not answer.exists():
            raise EnvironmentBuildFailed(_sentence(said, why))
        told_variables: dict[str, str] = json.loads(answer.read_text("utf-8"))
    return {name: value.replace(f"{os.defpath}:{_BEFORE}", _BEFORE) for name, value in told_variables.items()}


def _sentence(said: str, why: str) -> str:
    """Which script it was, from the marks between them."""
    lines = said.splitlines()
    marks = [line.removeprefix("@@") for line in lines if line.startswith("@@")]
    last = "\n".join([line for line in lines if not line.startswith("@@")][-_LAST_LINES:])
    where = marks[-1] if marks else "of the environment"
    return f"The activation script {where} of a conda package {why}." + (f" Its last lines:\n{last}" if last else "")
