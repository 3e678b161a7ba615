"""A process beside the one that starts a workload: it ends the workload once its starter is gone, however that ended.

It is ``python -m zaffre.launch.guardian``, which reads a pipe that only the starter can write to. A signal or a handler
at exit would not do: nothing of a process runs any more when it is killed with -9.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress

from zaffre.core import contract
from zaffre.launch import processes
from zaffre.launch.workload import Handle


class Guard:
    """Started before its workload, so that there is no moment in which nobody watches."""

    def __init__(self, mark: str, engine: str = "") -> None:
        """``engine``: the address of the engine whose containers are ended; else processes are.

        Raises ``OSError`` when the process cannot be started.
        """
        env = contract.inheritable(os.environ)
        if processes.MARK in os.environ:
            env[processes.MARK] = os.environ[processes.MARK]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zaffre.launch.guardian", mark, *([engine] if engine else [])],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, handle: Handle) -> None:
        """Tell which workload it is: the mark alone finds it only where the environment of processes can be read."""
        if self._process.stdin is not None:
            with suppress(OSError):  # somebody ended it: the workload has nobody beside it then
                self._process.stdin.write(json.dumps(handle.to_plain()).encode() + b"\n")
                self._process.stdin.flush()

    def dismiss(self) -> None:
        """The workload has ended, or was never started."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
