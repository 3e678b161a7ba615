"""One serving process: ``python -m zaffre.serving`` in the user's environment, on a socket of the supervisor's."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zaffre.core import handover
from zaffre.core.errors import ActivityCanceledException, DeploymentFailed
from zaffre.docker.engine import Engine
from zaffre.launch import processes
from zaffre.launch.container import Container
from zaffre.launch.process import ProcessBackend
from zaffre.launch.workload import Handle

_POLL_SECONDS: Final = 0.01
# What a start goes through, and the stages of its faults, in their order.
_RANKS: Final = {
    "script": 0,
    "debugger": 0,
    "import": 0,
    "init": 1,
    "sample": 2,
    "initialised": 3,
    "port": 3,
    "ready": 4,
    "draining": 5,
}


@dataclass(frozen=True, slots=True)
class Command:
    """What to start: the interpreter and module, the whole environment, and the folder for its status file."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    prefix: str  # of the routes
    container: Container | None = None  # where it is not a process of this machine; argv, env are of its inside
    engine: Engine | None = None  # that has the container's image


class ServingProcess(ABC):
    """Started by the constructor, here or in a container; the waits follow it up to the first answer."""

    def __init__(self, command: Command, sock: socket.socket) -> None:
        self._mark = secrets.token_hex(8)
        self._status_file = command.folder / f"status-{self._mark}.json"
        self.counters_file = command.folder / f"counters-{self._mark}"  # see core.service_counters.read_counters
        self._port = int(sock.getsockname()[1])
        self._prefix = command.prefix
        self._asked = False  # to end

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """None while it runs; at once."""

    @property
    @abstractmethod
    def line(self) -> socket.socket | None:
        """To tell it things by, see ``core.handover``; None where it is not there."""

    @abstractmethod
    def _ask_to_end(self) -> None:
        """Tell it to accept no more callers, finish what it answers and end; at once."""

    @abstractmethod
    def _end(self) -> None:
        """End it and all that it started, and forget it; returns when that is so. It may have ended already."""

    def wait_past(self, stage: str, is_canceled: Callable[[], bool]) -> dict[str, Any]:
        """Wait until this stage (import, init, sample, initialised) is over; the status then. Raises
        ``DeploymentFailed`` with the fault of this stage; that of a later one is raised by the wait for that."""
        rank = _RANKS[stage]
        while True:
            ended = self.exit_code is not None  # asked before the status is read: the last word comes before the end
            status = self._status()
            reached, error = status.get("stage", ""), status.get("error")
            at = error["stage"] if error else reached
            if _RANKS.get(at, -1) > rank:
                return status
            if error or ended:
                raise self._fault(error)
            _check_wanted(is_canceled)
            time.sleep(_POLL_SECONDS)

    def wait_ready(self, is_canceled: Callable[[], bool]) -> None:
        """Wait until the port answers. Raises ``DeploymentFailed``."""
        while not self._answers("/ready", 5):
            if self.exit_code is not None:
                raise self._fault(self._status().get("error"))
            _check_wanted(is_canceled)
            time.sleep(_POLL_SECONDS)

    def lives(self, seconds: float) -> bool:
        """Whether it answers within ``seconds`` that it lives."""
        return self._answers("/", seconds)

    def retire(self, heir: ServingProcess, seconds: float) -> None:
        """Let it accept no more callers and give its connections to ``heir``, each when its answer is sent; returns
        when no more are accepted, or after ``seconds``. ``stop`` ends it."""
        self._bequeath(heir)
        self._ask_once()
        deadline = time.monotonic() + seconds
        while self.exit_code is None and time.monotonic() < deadline and self._status().get("stage") != "draining":
            time.sleep(_POLL_SECONDS)

    def stop(self, grace_seconds: float) -> None:
        """Let it finish what it answers, for at most ``grace_seconds``; then end it and all that it started."""
        if grace_seconds:
            self._ask_once()
        deadline, pause = time.monotonic() + grace_seconds, _POLL_SECONDS
        while self.exit_code is None and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(1.1 * pause, 0.5)  # an engine answers for its containers, and has other work
        self._end()
        self._status_file.unlink(missing_ok=True)

    def _bequeath(self, heir: ServingProcess) -> None:
        ours, theirs = self.line, heir.line
        if ours is not None and theirs is not None and not self._asked:
            with contextlib.suppress(OSError):  # one of them is gone: then it ends as it can
                handover.join(ours, theirs)
                self._asked = True

    def _ask_once(self) -> None:
        if not self._asked and self.exit_code is None:
            self._asked = True
            self._ask_to_end()

    def _fault(self, error: Mapping[str, str] | None) -> DeploymentFailed:
        if error is None:
            code = self.exit_code or 0
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            memory = " (perhaps the machine ran out of memory)" if code == -signal.SIGKILL else ""
            return DeploymentFailed(f"The serving process {how}{memory} before the service was ready.", exit_code=code)
        sentence = error["message"].rstrip(".") + "."
        if sentence.partition(" ")[0].isalpha():  # not the name of a file or function
            sentence = sentence[:1].upper() + sentence[1:]
        return DeploymentFailed(sentence, traceback=error["details"], stage=error["stage"])

    def _status(self) -> dict[str, Any]:
        try:
            held: dict[str, Any] = json.loads(self._status_file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return held

    def _answers(self, route: str, seconds: float) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        try:
            connection.request("GET", f"{self._prefix}{route}")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class HostProcess(ServingProcess):
    """A process of this machine."""

    def __init__(self, command: Command, sock: socket.socket, log_path: Path, name: str) -> None:
        super().__init__(command, sock)
        outer = os.environ.get(processes.MARK)
        own = ["--listen-fd", str(sock.fileno()), "--status-file", str(self._status_file), "--watch-stdin"]
        own += ["--counters-file", str(self.counters_file), "--request-ids"]
        self._line, theirs = socket.socketpair()
        with log_path.open("ab") as log, theirs:
            # Its input is a line from us: when we are gone it ends, and so does the process.
            self._child = subprocess.Popen(
                [*command.argv, *own],
                cwd=command.folder,
                env={**command.env, processes.MARK: f"{outer}/{self._mark}" if outer else self._mark},
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                pass_fds=[sock.fileno()],
                start_new_session=True,
            )
        process = processes.find(self._child.pid)
        self._handle = Handle(name, self._child.pid, process.started if process else "", self._mark)

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    @property
    def line(self) -> socket.socket | None:
        return self._line

    def _ask_to_end(self) -> None:
        # Only the process itself: what it started may be needed for the answers that are under way.
        self._child.send_signal(signal.SIGTERM)

    def _end(self) -> None:
        ProcessBackend().stop(self._handle, 0)
        self._child.wait()
        self._line.close()


def _check_wanted(is_canceled: Callable[[], bool]) -> None:
    if is_canceled():
        raise ActivityCanceledException("This revision of the service was replaced before it was ready.")
