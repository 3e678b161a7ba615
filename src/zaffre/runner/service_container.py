"""One serving process in a container: it serves on a socket of the supervisor's, as one on this machine does.

The socket is handed over through a Unix socket in the mounted folder. So the port stays the supervisor's, bound to the
loopback address alone: revisions replace one another without a gap, and calls wait while a container that died is
started anew. The process keeps the connection, and ends when the supervisor does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from zaffre.core.errors import EngineError, ExperimentExecutionException
from zaffre.docker.engine import Engine
from zaffre.launch.container import Container
from zaffre.launch.docker import DockerBackend
from zaffre.launch.workload import Workload
from zaffre.runner.service_process import Command, ServingProcess

APP_ROOT: Final = "/var/azureml-app"  # the working directory, where Azure's containers have it
SERVICE: Final = "zaffre.service"  # label: workspace/name
_SOCKET: Final = "supervisor.sock"
_REMOVED: Final = 137  # the exit code of a container that was killed


class ContainerProcess(ServingProcess):
    """A container on ``engine``. The constructor raises ``EngineUnavailable``, ``ExperimentExecutionException``."""

    def __init__(
        self, command: Command, container: Container, engine: Engine, sock: socket.socket, log_path: Path, name: str
    ) -> None:
        super().__init__(command, sock)
        self._engine = engine
        self._backend = DockerBackend(engine)
        self._handover = _Handover(command.folder, sock)
        own = ["--listen-from", f"{APP_ROOT}/{_SOCKET}", "--status-file", f"{APP_ROOT}/{self._status_file.name}"]
        own += ["--counters-file", f"{APP_ROOT}/{self.counters_file.name}", "--request-ids"]
        workload = Workload(
            (*command.argv, *own),
            command.folder,
            command.env,
            log_path,
            name,
            replace(container, workdir=APP_ROOT),
        )
        try:
            self._handle = self._backend.start(workload)
        except BaseException:
            self._handover.close()
            raise

    @property
    def exit_code(self) -> int | None:
        status = self._backend.poll(self._handle)
        if status.running:
            return None
        return _REMOVED if status.exit_code is None else status.exit_code

    @property
    def line(self) -> socket.socket | None:
        return self._handover.line

    def _ask_to_end(self) -> None:
        with contextlib.suppress(EngineError):
            self._engine.post(f"/containers/{self._handle.started}/kill", signal="SIGTERM")

    def _end(self) -> None:
        # Where the engine is away nothing runs; what is left of it goes as an orphan when a supervisor starts again.
        with contextlib.suppress(ExperimentExecutionException):
            self._backend.stop(self._handle, 0)
        self._handover.close()


class _Handover:
    """Gives a socket to whoever connects to the Unix socket in ``folder``, and stays connected until ``close``."""

    def __init__(self, folder: Path, sock: socket.socket) -> None:
        (folder / _SOCKET).unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(folder) as place:
            self._door.bind(f"{place}/{_SOCKET}")
        self._door.listen(1)
        self._sock = sock
        self._callers: list[socket.socket] = []
        threading.Thread(target=self._give, name="handover", daemon=True).start()

    @property
    def line(self) -> socket.socket | None:
        """To who connected last; None before anyone did."""
        return self._callers[-1] if self._callers else None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for caller in self._callers:
            caller.close()

    def _give(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                caller, _ = self._door.accept()
                self._callers.append(caller)
                socket.send_fds(caller, [b"."], [self._sock.fileno()])


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A short path of a folder: that of a Unix socket has at most 107 bytes."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
