"""Workloads in containers."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import Any, Final

from zaffre.core.errors import EngineError, EngineUnavailable, ExperimentExecutionException, Unsupported
from zaffre.docker import containers
from zaffre.docker.engine import Engine, Response
from zaffre.launch import processes
from zaffre.launch.container import Container
from zaffre.launch.guard import Guard
from zaffre.launch.workload import Handle, Status, Workload

WORKLOAD: Final = "zaffre.workload"  # label: the workload's own mark
NAME: Final = "zaffre.name"  # label: the workload's name
OWNER: Final = "zaffre.owner"  # label: the process that started it
_MARK: Final = "zaffre.mark."  # label for each workload that the container belongs to, outermost first

# As root on this machine a container's programs get an account that has no rights here.
UNPRIVILEGED: Final = 10001
_KILL_SECONDS: Final = 30.0
_SIGNALS: Final = {128 + number for number in (4, 6, 7, 8, 9, 11, 15)}  # exit codes that mean a signal
# The engine keeps standard output and errors apart, and with them the order in which a program printed.
_ONE_STREAM: Final = 'exec "$0" "$@" 2>&1'
_OUTPUT: Final = {"stream": True, "stdout": True, "stderr": True}
_LEAST_SHARES: Final = 2  # what an engine takes
_LOG_BYTES: Final = "64m"  # of what the engine itself keeps of a container's output


@dataclass(slots=True)
class _Watched:
    """What a container of this process came to, once it ended."""

    thread: threading.Thread
    status: Status | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class DockerBackend:
    """Starts each workload in a container of its own. Satisfies ``launch.backend.Backend``.

    The image must have a shell.

    With the program its whole container ends: unlike with processes, nothing of it is left that ``stop`` would have to
    reach. The container stays, ended, until ``stop``. Its output goes into the workload's log through this process;
    what it prints later is in the engine's own log.
    """

    def __init__(self, engine: Engine | None = None, container: Container | None = None) -> None:
        """``container`` is for workloads that name none. Raises ``EngineUnavailable``."""
        self._engine = engine or Engine.connect()
        self._container = container
        self._watched: dict[str, _Watched] = {}
        self._guards: dict[str, Guard] = {}  # by the mark of a tied workload
        self._lock = threading.Lock()

    def start(self, workload: Workload) -> Handle:
        """Raises ``EngineUnavailable`` and ``Unsupported`` (no GPU here) besides what the contract says."""
        container = workload.container or self._container
        if container is None:
            raise ExperimentExecutionException(f"{workload.name} cannot be started: no image is named for it.")
        mark = secrets.token_hex(8)
        outer = workload.env.get(processes.MARK) or os.environ.get(processes.MARK)
        marks = f"{outer}/{mark}" if outer else mark
        with ExitStack() as cleanup:
            try:
                guard = Guard(mark, self._engine.address) if workload.tied else None
                if guard is not None:
                    cleanup.callback(guard.dismiss)
                number = self._begin(workload, container, marks, cleanup)
            except (OSError, EngineError) as error:
                if isinstance(error, EngineUnavailable):
                    raise
                said = error.facts.get("said") or error.message if isinstance(error, EngineError) else error
                raise ExperimentExecutionException(
                    f"{workload.name} cannot be started with {workload.argv[0]!r} in {workload.cwd} in the image "
                    f"{container.image}: {said}."
                ) from error
            handle = Handle(workload.name, 0, number, mark)
            if guard is not None:
                self._guards[mark] = guard
                guard.watch(handle)
            return handle

    def poll(self, handle: Handle) -> Status:
        with self._lock:
            watched = self._watched.get(handle.started)
        if watched is not None:
            return watched.status or Status(running=True)
        try:
            found = containers.inspect(self._engine, handle.started)
        except EngineError as error:
            return Status(running=False, reason=error.message)
        if found is None or _label(found, WORKLOAD) != handle.mark:
            return Status(running=False)
        return _status(found)

    def stop(self, handle: Handle, grace_seconds: float, *, nested: bool = True) -> None:
        try:
            found = self._belonging(handle, nested)
            if any(_is_running(one) for one in found):
                found = self._end(handle, nested, grace_seconds, found)
            for one in found:
                self._settle(one["Id"])
                containers.remove(self._engine, one["Id"])
            guard = self._guards.pop(handle.mark, None)
            if guard is not None:
                guard.dismiss()
        except EngineError as error:
            raise ExperimentExecutionException(f"{handle.name} cannot be stopped: {error.message}", error) from error

    def remove_orphans(self) -> list[str]:
        """End and remove the containers whose starter is gone (it crashed, or the machine did); returns their names.

        Only those that were started from where this process sees the starter, and that are not meant to outlive it.
        """
        removed = []
        for one in containers.labelled(self._engine, OWNER):
            space, pid, started = (*_label(one, OWNER).split("/"), "", "", "")[:3]
            process = processes.find(int(pid)) if pid.isdecimal() else None
            is_alive = process is not None and process.started == started and process.is_alive
            if space == _process_space() and not is_alive:
                containers.remove(self._engine, one["Id"])
                removed.append(_label(one, NAME))
        return removed

    def _begin(self, workload: Workload, container: Container, marks: str, cleanup: ExitStack) -> str:
        """Create, listen, start. ``cleanup`` is left with what a failure must undo."""
        workload.log_path.parent.mkdir(parents=True, exist_ok=True)
        output = cleanup.enter_context(ExitStack())
        log = output.enter_context(workload.log_path.open("ab", buffering=0))
        settings = self._settings(workload, container, marks)
        number = containers.create(self._engine, settings, f"zaffre-{marks.rpartition('/')[2]}")
        cleanup.callback(_remove_quietly, self._engine, number)
        program = workload.argv[0]
        if program.startswith("/") and not containers.has_path(self._engine, number, program):
            raise EngineError(f"There is no file {program}.", said="there is no such file in it")
        # Listening begins before the start: what a short program prints may else be gone.
        attach = self._engine.open("POST", f"/containers/{number}/attach", _OUTPUT, timeout=None)
        response = output.enter_context(attach)
        self._engine.post(f"/containers/{number}/start")
        cleanup.pop_all()
        self._watch(number, output, response, log)
        return number

    # --- start -------------------------------------------------------------------------------------------------------

    def _settings(self, workload: Workload, container: Container, marks: str) -> dict[str, Any]:
        own = marks.rpartition("/")[2]
        facts = self._engine.get("/info")
        user = _account(facts, [workload.cwd, *(one.source for one in container.mounts if one.owned)])
        variables = {"HOME": "/tmp", "USER": "zaffre", "LOGNAME": "zaffre"}  # noqa: S108  # an account without a home
        variables |= {**container.variables, **workload.env, processes.MARK: marks}
        labels = {**container.labels, WORKLOAD: own, NAME: workload.name}
        labels |= {f"{_MARK}{mark}": "" for mark in marks.split("/")}
        if not container.outlives:
            labels[OWNER] = _owner()
        return {
            "Image": container.image,
            "Entrypoint": ["/bin/sh", "-c", _ONE_STREAM, *workload.argv],
            "Cmd": [],
            "User": user,
            "WorkingDir": container.workdir or str(workload.cwd.absolute()),
            "Env": [f"{key}={value}" for key, value in variables.items()],
            "Labels": labels,
            "ExposedPorts": {f"{port}/tcp": {} for port in container.ports},
            "HostConfig": self._host(workload, container, facts),
        }

    def _host(self, workload: Workload, container: Container, facts: Mapping[str, Any]) -> dict[str, Any]:
        own = {"Source": str(workload.cwd.absolute()), "Target": container.workdir or str(workload.cwd.absolute())}
        mounts: list[dict[str, Any]] = [{"Type": "bind", **own}]
        mounts += [
            {"Type": "bind", "Source": str(one.source), "Target": one.target, "ReadOnly": one.read_only}
            for one in container.mounts
        ]
        host: dict[str, Any] = {
            "Init": True,
            "NetworkMode": container.network,
            "Mounts": mounts,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "ExtraHosts": list(container.hosts),
            "Ulimits": [{"Name": name, "Soft": limit, "Hard": limit} for name, limit in container.ulimits.items()],
            "PortBindings": {
                f"{inside}/tcp": [{"HostIp": address, "HostPort": str(port)}]
                for inside, (address, port) in container.ports.items()
            },
        }
        if container.cpus:
            host["NanoCpus"] = int(container.cpus * 1e9)
        if container.memory:
            host["Memory"] = host["MemorySwap"] = container.memory
        if container.cpus_reserved and facts.get("CPUShares", True):
            host["CpuShares"] = max(_LEAST_SHARES, int(container.cpus_reserved * 1024))  # as Kubernetes makes them
        if container.memory_reserved:
            host["MemoryReservation"] = container.memory_reserved
        if container.shares_ipc:
            host["IpcMode"] = "host"
        elif container.shm_size:
            host["ShmSize"] = container.shm_size
        if container.gpus:
            host["DeviceRequests"] = [_gpus(container.gpus, facts)]
        if container.outlives:
            host["RestartPolicy"] = {"Name": "unless-stopped"}
        if self._engine.name == "Docker":
            host["LogConfig"] = {"Type": "json-file", "Config": {"max-size": _LOG_BYTES, "max-file": "2"}}
        return host

    # --- watch -------------------------------------------------------------------------------------------------------

    def _watch(self, number: str, output: ExitStack, response: Response, log: RawIOBase) -> None:
        def follow() -> None:
            try:
                with output:
                    _copy(response, log)
                status = self._wait(number)
            except EngineError as error:
                status = Status(running=False, reason=error.message)
            watched.status = status
            watched.ended.set()

        watched = _Watched(threading.Thread(target=follow, name="container-output", daemon=True))
        with self._lock:
            self._watched[number] = watched
        watched.thread.start()

    def _wait(self, number: str) -> Status:
        """What a container came to whose output has ended."""
        try:
            self._engine.call("POST", f"/containers/{number}/wait", {}, timeout=None)
            found = containers.inspect(self._engine, number)
        except EngineError as error:
            if error.facts.get("status") not in (404, 409):
                raise
            found = None
        return _status(found) if found is not None else Status(running=False, reason="Its container was removed.")

    def _settle(self, number: str) -> None:
        """Let the end of an ended container's output reach its log."""
        with self._lock:
            watched = self._watched.get(number)
        if watched is not None:
            watched.ended.wait(_KILL_SECONDS)

    # --- stop --------------------------------------------------------------------------------------------------------

    def _belonging(self, handle: Handle, nested: bool) -> list[dict[str, Any]]:
        label = f"{_MARK}{handle.mark}" if nested else f"{WORKLOAD}={handle.mark}"
        return containers.labelled(self._engine, label)

    def _end(self, handle: Handle, nested: bool, grace: float, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._send(found, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while any(map(_is_running, found)) and time.monotonic() < deadline:
            time.sleep(0.05)
            found = self._belonging(handle, nested)
        deadline = time.monotonic() + _KILL_SECONDS
        while any(map(_is_running, found)):
            if time.monotonic() > deadline:
                names = ", ".join(one["Id"][:12] for one in found if _is_running(one))
                raise ExperimentExecutionException(f"{handle.name} cannot be stopped: container {names} goes on.")
            self._send(found, signal.SIGKILL)
            time.sleep(0.05)
            found = self._belonging(handle, nested)
        return found

    def _send(self, found: list[dict[str, Any]], number: signal.Signals) -> None:
        for one in found:
            try:
                self._engine.post(f"/containers/{one['Id']}/kill", signal=number.name)
            except EngineUnavailable:
                raise
            except EngineError:
                continue  # it ended meanwhile: the next look tells


def _copy(response: Response, log: RawIOBase) -> None:
    for piece in response.frames():
        try:
            log.write(piece)
        except OSError:
            continue  # a full disk: the program goes on, the engine's log has what is missing here


def _status(found: Mapping[str, Any]) -> Status:
    state = found.get("State") or {}
    if state.get("Running") or state.get("Status") == "created":
        return Status(running=True)
    code = int(state.get("ExitCode") or 0)
    reason = ""
    if state.get("OOMKilled"):
        limit = int((found.get("HostConfig") or {}).get("Memory") or 0)
        whose = f"its limit of {limit / 1024**2:.0f} MB" if limit else "the machine has none left"
        reason = f"Its container ran out of memory ({whose})."
    return Status(running=False, exit_code=128 - code if code in _SIGNALS else code, reason=reason)


def _is_running(one: Mapping[str, Any]) -> bool:
    return one.get("State") in ("running", "paused", "restarting", "created")


def _label(one: Mapping[str, Any], name: str) -> str:
    labels = one.get("Labels") or (one.get("Config") or {}).get("Labels") or {}
    return str(labels.get(name) or "")


def _account(facts: Mapping[str, Any], folders: list[Path]) -> str:
    """Whom the container's programs run as. An engine without root maps its root to the account that started it."""
    if any("rootless" in str(option) for option in facts.get("SecurityOptions") or ()):
        return "0:0"
    if os.getuid() != 0:
        return f"{os.getuid()}:{os.getgid()}"
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, UNPRIVILEGED, UNPRIVILEGED, follow_symlinks=False)
    return f"{UNPRIVILEGED}:{UNPRIVILEGED}"


def _gpus(wanted: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    listed = any(any(Path(folder).glob("*nvidia*")) for folder in facts.get("CDISpecDirs") or ())
    if "nvidia" not in (facts.get("Runtimes") or {}) and not listed:
        raise Unsupported(
            f"The container asks for GPUs ({wanted}), and the container engine on this machine has none: install the "
            "NVIDIA Container Toolkit, or leave --gpus out."
        )
    count = -1 if wanted == "all" else int(wanted) if wanted.isdecimal() else 0
    if not count:
        raise Unsupported(f"The container asks for the GPUs {wanted!r}: write all, or how many.")
    return {"Count": count, "Capabilities": [["gpu"]]}


def _owner() -> str:
    process = processes.find(os.getpid())
    return f"{_process_space()}/{os.getpid()}/{process.started if process else ''}"


def _process_space() -> str:
    """Where process numbers mean what they mean here: another container or machine counts its own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return os.uname().nodename


def _remove_quietly(engine: Engine, number: str) -> None:
    try:
        containers.remove(engine, number)
    except EngineError:
        return  # what made the start fail is what is told
