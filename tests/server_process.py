"""A real workspace server in a process of its own, with a private home, as the tests use it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60.0  # generous: the machine may be busy with other tests
STRAYS = ("ZAFFRE_", "AZUREML_", "MLFLOW_", "AML_")


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """This process's environment without anything that points at a server, plus ``ZAFFRE_HOME`` and ``extra``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(STRAYS)}
    return {**kept, "ZAFFRE_HOME": str(home), **extra}


@dataclass
class ServerProcess:
    """A running server. ``home`` holds its token and data; the process dies with ``stop``."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    database: str = ""  # an address; empty: what the home remembers, at first SQLite
    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)  # of the server and of its clients

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.home / "token").read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a client process that finds this server by its home."""
        return clean_environment(self.home, **self.variables)

    def start(self) -> ServerProcess:
        """Start the process and return once it answers; also after ``kill``, on the same port and home."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "server-output.txt").open("ab") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "zaffre.server",
                    "--port",
                    str(self.port),
                    "--home",
                    str(self.home),
                    *self.arguments,
                ],
                env={**self.environment, **({"ZAFFRE_DATABASE": self.database} if self.database else {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready(self.process)
        return self

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AssertionError(f"the server ended with {process.returncode}:\n{self.output()}")
            if self._announced() == process.pid and self._answers():
                return
            time.sleep(0.05)
        raise AssertionError(f"the server was not ready within {START_SECONDS:.0f} s:\n{self.output()}")

    def _announced(self) -> int | None:
        try:
            return int(json.loads((self.home / "server.json").read_text())["pid"])
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:  # noqa: S310 - our own URL
                return bool(answer.status == 200)
        except OSError:
            return False

    def output(self) -> str:
        """What the process has printed so far, over all its starts."""
        return (self.home / "server-output.txt").read_text(errors="replace")

    def kill(self) -> None:
        """``kill -9``: what the server has acknowledged must still be there after the next ``start``."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=30)
        self.process = None
