"""Workloads as processes of this machine."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import Final

from zaffre.core.errors import ExperimentExecutionException, Unsupported
from zaffre.launch import processes
from zaffre.launch.guard import Guard
from zaffre.launch.workload import Handle, Status, Workload

_KILL_SECONDS: Final = 30.0  # how long a killed process may take to go (it may sit in the kernel for a while)


class _Child(subprocess.Popen[bytes]):
    """A process that may outlive this one and its handle here: forgetting it is no oversight to be warned of."""

    def __del__(self) -> None:
        if sys.is_finalizing():
            return  # nobody is warned any more, and the modules that this needs may be gone
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            super().__del__()


class ProcessBackend:
    """Starts each workload in a session of its own, its output going straight into its log file.

    So neither the end of this process nor a full pipe ever stops a workload. Satisfies ``launch.backend.Backend``.
    """

    def __init__(self) -> None:
        if sys.platform == "win32":
            raise Unsupported("Runs and services as processes are built for Linux and macOS only: use WSL on Windows.")
        self._children: dict[int, _Child] = {}
        self._guards: dict[str, Guard] = {}  # by the mark of a tied workload
        self._lock = threading.Lock()

    def start(self, workload: Workload) -> Handle:
        mark = secrets.token_hex(8)
        outer = workload.env.get(processes.MARK) or os.environ.get(processes.MARK)
        env = {**workload.env, processes.MARK: f"{outer}/{mark}" if outer else mark}
        guard = None
        try:
            guard = Guard(mark) if workload.tied else None
            workload.log_path.parent.mkdir(parents=True, exist_ok=True)
            with workload.log_path.open("ab") as output:
                child = _Child(
                    list(workload.argv),
                    cwd=workload.cwd,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
        except OSError as error:
            if guard is not None:
                guard.dismiss()
            raise ExperimentExecutionException(
                f"{workload.name} cannot be started with {workload.argv[0]!r} in {workload.cwd}: {error}."
            ) from error
        process = processes.find(child.pid)
        handle = Handle(workload.name, child.pid, process.started if process else "", mark)
        with self._lock:
            self._children[child.pid] = child
            if guard is not None:
                self._guards[mark] = guard
                guard.watch(handle)
        return handle

    def poll(self, handle: Handle) -> Status:
        with self._lock:
            child = self._children.get(handle.pid)
        if child is not None:
            code = child.poll()
            return Status(code is None, code)
        process = processes.find(handle.pid)
        return Status(process is not None and process.started == handle.started and process.is_alive)

    def stop(self, handle: Handle, grace_seconds: float, *, nested: bool = True) -> None:
        found = self._belonging(handle, [], nested)
        _send(found, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while found and time.monotonic() < deadline:
            time.sleep(0.02)
            found = self._belonging(handle, found, nested)
        deadline = time.monotonic() + _KILL_SECONDS
        while found:
            if time.monotonic() > deadline:
                numbers = ", ".join(str(process.pid) for process in found)
                raise ExperimentExecutionException(f"{handle.name} cannot be stopped: process {numbers} goes on.")
            _send(found, signal.SIGKILL)
            time.sleep(0.02)
            found = self._belonging(handle, found, nested)
        with self._lock:
            guard = self._guards.pop(handle.mark, None)
        if guard is not None:
            guard.dismiss()

    def _belonging(self, handle: Handle, known: list[processes.Process], nested: bool) -> list[processes.Process]:
        self.poll(handle)  # takes the exit code of an ended child, which would else linger
        return processes.belonging(handle.pid, handle.started, handle.mark, known, nested=nested)


def _send(targets: list[processes.Process], number: signal.Signals) -> None:
    for process in targets:
        current = processes.find(process.pid)
        if current is not None and current.started == process.started:
            try:
                os.kill(process.pid, number)
            except (ProcessLookupError, PermissionError):
                continue  # gone meanwhile, or it took another account's rights: the next look tells
