"""The scoring server as a child of a command, in its terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from zaffre.cli.exits import UsageError
from zaffre.cli.results import Done
from zaffre.core.errors import DeploymentFailed, PortTaken


def flags(values: Mapping[str, object]) -> list[str]:
    """Command line arguments; what is None or False was not given."""
    found: list[str] = []
    for name, value in values.items():
        if value is True:
            found.append(name)
        elif value is not None and value is not False:
            found += [name, str(value)]
    return found


def serve(script: Path | None, arguments: Sequence[str]) -> Done:
    """Serve until Ctrl-C, or until the server ends by itself. Raises ``UsageError``, ``PortTaken`` and
    ``DeploymentFailed``; the server has told the details."""
    command = [sys.executable, "-m", "zaffre.serving", "--watch-stdin", *arguments]
    if script is not None:
        command += ["--entry-script", str(script)]
    # Its input is a pipe from us that nobody writes to: when we are gone it ends, and so does the server.
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        code = child.wait()
    except KeyboardInterrupt:
        child.terminate()
        code = child.wait()
    finally:
        if child.stdin is not None:
            child.stdin.close()
        if child.poll() is None:
            child.wait()
    if code == 2:
        raise UsageError("The scoring server was not started: see above.")
    if code == 4:
        raise PortTaken("The scoring server was not started: its port cannot be used, see above.")
    if code:
        raise DeploymentFailed(f"The scoring server ended with exit code {code}: see above.")
    return Done("The scoring server has stopped.")
