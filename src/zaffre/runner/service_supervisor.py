"""One local service from its deployment to its deletion.

A new revision is prepared and started beside the old one, on the same socket where the port stays, and replaces it
only when it answers: whatever fails before leaves the old one serving. The supervisor serves on while the server is
away and follows it to another address.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from zaffre.core import handover
from zaffre.core.codec import convert
from zaffre.core.entities import DeploymentStep, RunError, Service, ServiceSpec
from zaffre.core.errors import (
    ActivityCanceledException,
    AzureMLException,
    Category,
    DeploymentFailed,
    EngineUnavailable,
    InternalError,
    PortTaken,
)
from zaffre.core.rollout import BAKE, Rollout
from zaffre.core.service_counters import read_counters
from zaffre.core.states import ServiceState
from zaffre.core.wire import ServiceReport
from zaffre.runner.channel import Channel
from zaffre.runner.service_bake import Bake
from zaffre.runner.service_container import ContainerProcess
from zaffre.runner.service_data import Carrier
from zaffre.runner.service_interpreters import Interpreters
from zaffre.runner.service_keys import KeysFiles
from zaffre.runner.service_log import ServiceLog
from zaffre.runner.service_memory import Memory, RolledBack
from zaffre.runner.service_probe import Probe
from zaffre.runner.service_process import Command, HostProcess, ServingProcess
from zaffre.runner.service_reports import Reports
from zaffre.runner.service_revision import Preparation
from zaffre.runner.service_steps import IMPORT, INIT, READY, ROLL_BACK, SAMPLE, START, Steps
from zaffre.runner.service_telemetry import Telemetry
from zaffre.sdk import ports
from zaffre.sdk.client import segment
from zaffre.sdk.service_folder import ServiceFolder

TAIL_LINES: Final = 50
_LOG_SECONDS: Final = 2.0
_RETIRE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.2  # how soon the end of a serving process is noticed
_DELETE_SECONDS: Final = 5.0  # what running requests get when the service is deleted
_RESTARTS: Final = 5  # in a row, before a service that keeps ending is given up
_ENGINE_SECONDS: Final = 1.0  # between looks for a container engine that is away
_STABLE_SECONDS: Final = 60.0  # after which an end is not "in a row" any more


@dataclass(eq=False)
class Serving:
    """A revision that answers; ``service`` is what was wanted then."""

    service: Service
    command: Command
    process: ServingProcess
    sock: socket.socket
    probe: Probe | None
    since: float = field(default_factory=time.monotonic)

    @property
    def end(self) -> str | None:
        """How it came to its end, or shall come to it now; None while it lives."""
        if (code := self.process.exit_code) is not None:
            return f"with exit code {code}"
        if self.probe is not None and self.probe.has_failed:
            return f"because it did not answer {self.probe}"
        return None

    @property
    def revision(self) -> int:
        return self.service.revision

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])


class Supervisor:
    """``run`` returns True when the service was deleted, False after ``end``."""

    def __init__(
        self,
        url: str,
        token: str,
        workspace: str,
        name: str,
        home: Path,
        folder: ServiceFolder,
    ) -> None:
        self._channel = Channel(url, token, home)
        self._name = name
        self._home = home
        self._folder = folder
        prefix = f"/api/v1/workspaces/{segment(workspace)}"
        self._route = f"{prefix}/services/{segment(name)}"
        self._stream: tuple[str, dict[str, object]] = (f"{prefix}/stream", {"service": name})
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._superseded = threading.Event()  # the revision that is being deployed is not wanted any more
        self._wanted = 0  # the revision that the server asks for
        self._attempted = 0  # the revision that was deployed last, with or without success
        self._deleted = False
        self._created_at = 0
        self._ending = False
        self._restarts = 0
        self._engine_away = False
        self._keys = KeysFiles()
        self._workspace = workspace
        self._telemetry = Telemetry(self._channel, self._route)
        self._memory = Memory(folder.path)
        self._serving: Serving | None = None
        self._proven: Serving | None = None  # the last one that was watched, or not to be: where a roll-back goes
        self._bake: Bake | None = None  # of the one that serves, while it is watched
        self._steps = Steps(self._tell_steps)  # of the last deployment
        self._retiring: list[Serving] = []  # replaced, with answers still under way

    def end(self) -> None:
        """Stop serving and end; may be called from a signal handler."""
        self._ending = True
        self._superseded.set()
        self._wake.set()

    def run(self) -> bool:
        first = self._channel.insist(lambda client: client.get(self._route, Service), lambda: self._ending)
        self._wanted = first.revision
        self._created_at = first.created_at
        self._log = ServiceLog(self._folder.log(first.created_at), self._channel, f"{self._route}/logs")
        report = ServiceReport(revision=first.revision, host=socket.gethostname(), pid=os.getpid())
        self._reports = Reports(self._channel, self._route, self._stream, report, self._hear, self._keys.set)
        self._interpreters = Interpreters(self._home, self._log.say)
        carrier = Carrier(self._channel, self._workspace, self._name, self._folder.collected, self._log.say)
        self._log.start()
        self._reports.start()
        carrier.start()
        self._telemetry.start()
        try:
            while not (self._deleted or self._ending):
                if self._attempted != self._wanted:
                    self._deploy()
                self._look()
                self._watch()
                self._wake.wait(_LOOK_SECONDS)
                self._wake.clear()
        finally:
            self._stop_serving()
            carrier.close()  # before the service is told to be gone: then its data is where it shall stay
            self._stop()
        return self._deleted

    def _hear(self, revision: int, state: ServiceState) -> None:
        """What the server wants, from a thread of ``Reports``."""
        with self._lock:
            self._deleted = self._deleted or state is ServiceState.DELETED
            self._wanted = max(self._wanted, revision)
            if self._deleted or self._wanted != self._attempted:
                self._superseded.set()
                self._wake.set()

    def _take(self) -> Service | None:
        """The service as it is wanted now; None when it is gone or the server is."""
        self._superseded.clear()
        try:
            service = self._channel.insist(lambda client: client.get(self._route, Service), lambda: self._ending)
        except AzureMLException as error:
            self._deleted = self._deleted or error.category is Category.NOT_FOUND
            return None
        with self._lock:
            # A service of another time with the same name is not ours: this one was deleted.
            self._deleted = self._deleted or service.created_at != self._created_at
            self._attempted = self._wanted = service.revision
            if self._deleted or self._ending:
                return None
            self._superseded.clear()
        return service

    def _deploy(self) -> None:
        """Bring the wanted revision up and let it replace the one that serves."""
        service = self._take()
        if service is None:
            return
        begun = self._log.size
        if not self._engine_away:
            self._log.say(f"Deploying revision {service.revision} of the service {service.name}.")
        self._reports.tell(revision=service.revision, state=ServiceState.DEPLOYING, steps=[], error=None)
        steps = self._steps = Steps(self._tell_steps)
        taken_back = self._memory.of(service) if self._serving is None else None
        if taken_back is not None:
            self._log.say(f"It was rolled back: revision {taken_back.serving.revision} is deployed in its place.")
        made = service if taken_back is None else taken_back.serving
        new_socket: socket.socket | None = None
        try:
            new_socket = self._new_socket(made)
            command = self._preparation().prepare(made, steps)
            new = self._start(made, command, new_socket or self._socket_in_use(), steps, _rollout(made).preflight)
            new_socket = None
            self._replace(new, None if taken_back is None else taken_back.error)
            self._engine_away = False
        except ActivityCanceledException:
            self._log.say(f"Revision {service.revision} is given up for a newer one.")
        except EngineUnavailable as error:
            if service.compute_type == "Local" or self._serving is not None:
                self._fail(service.revision, error, steps.current, begun)
            else:  # nobody is there to deploy it again, for instance when the machine starts and the engine is not up
                self._await_engine(error)
                self._attempted = 0
        except AzureMLException as error:
            self._fail(service.revision, error, steps.current, begun)
        except Exception as error:  # a full disk, or a fault of ours: the service that runs must not pay for it
            fault = InternalError(f"{type(error).__name__}: {error}.", traceback=traceback.format_exc())
            self._fail(service.revision, fault, steps.current, begun)
        finally:
            if new_socket is not None:
                new_socket.close()

    def _preparation(self) -> Preparation:
        return Preparation(
            self._channel,
            self._home,
            self._folder,
            self._interpreters,
            self._folders_in_use(),
            self._log.say,
            self._superseded,
        )

    def _folders_in_use(self) -> set[Path]:
        return {one.command.folder for one in (self._serving, self._proven, *self._retiring) if one is not None}

    def _socket_in_use(self) -> socket.socket:
        return self._serving.sock if self._serving is not None else ports.bind(None)

    def _new_socket(self, service: Service) -> socket.socket | None:
        """A socket of the port asked for, before anything is stopped; None when the one in use stays."""
        port = convert(service.spec, ServiceSpec, what="the specification").port
        if self._serving is not None and port in (None, self._serving.port):
            return None
        if port is None and service.port is not None:
            with contextlib.suppress(PortTaken):
                return ports.bind(service.port)  # the one that it had under an earlier supervisor
        return ports.bind(port)

    def _start(
        self, service: Service, command: Command, sock: socket.socket, steps: Steps, preflight: str | None
    ) -> Serving:
        """Start the serving process and wait until it answers; it is gone again when that fails. Without ``preflight``
        it has passed that before."""
        process: ServingProcess | None = None
        wanted = self._superseded.is_set
        try:
            with steps.step(IMPORT) as step:
                process = self._process(command, sock, preflight)
                times = process.wait_past("import", wanted)
                step.detail = f"{times['import_seconds']:.2f} s" if "import_seconds" in times else ""
            with steps.step(INIT) as step:
                times = process.wait_past("init", wanted)
                step.detail = f"{times['init_seconds']:.2f} s" if "init_seconds" in times else ""
            if preflight is not None:
                with steps.step(SAMPLE) as step:
                    step.detail = str(process.wait_past("sample", wanted).get("preflight", ""))
            with steps.step(START):
                process.wait_past("initialised", wanted)
            with steps.step(READY):
                process.wait_ready(wanted)
        except BaseException:
            if process is not None:
                process.stop(0)
            raise
        self._telemetry.follow(service, process.counters_file)
        wanted_probe = convert(service.spec, ServiceSpec, what="the specification").probe
        return Serving(service, command, process, sock, Probe(wanted_probe, process) if wanted_probe else None)

    def _process(self, command: Command, sock: socket.socket, preflight: str | None) -> ServingProcess:
        self._keys.keep(command.folder)
        if preflight is not None:
            command = replace(command, argv=(*command.argv, "--preflight", preflight))
        if command.container is None or command.engine is None:
            return HostProcess(command, sock, self._log.path, self._name)
        return ContainerProcess(command, command.container, command.engine, sock, self._log.path, self._name)

    def _replace(self, new: Serving, error: RunError | None) -> None:
        """``new`` serves from now on. ``error`` tells why it is not the revision that is wanted."""
        old, self._serving = self._serving, new
        base = f"http://localhost:{new.port}{new.command.prefix}"
        if old is not None:
            old.process.retire(new.process, _RETIRE_SECONDS)  # from the report on, every answer is the new revision's
        self._log.say(f"Revision {new.revision} serves on {base}/score.")
        if error is not None:
            self._prove(new)
        else:
            self._memory.forget()
            self._begin_bake(new, old)
        self._reports.tell(
            state=ServiceState.RUNNING,
            scoring_uri=f"{base}/score",
            swagger_uri=f"{base}/swagger.json",
            port=new.port,
            error=error,
        )
        if old is not None:
            # Its last answers may take their time; the supervisor has other things to look after meanwhile.
            self._retiring.append(old)
            threading.Thread(target=self._retire, args=(old, new.sock), name="retire", daemon=True).start()

    def _retire(self, old: Serving, kept: socket.socket) -> None:
        if old.sock is not kept:
            old.sock.close()
        old.process.stop(handover.SECONDS)
        self._retiring.remove(old)
        self._remove_unused(old)

    def _remove_unused(self, one: Serving) -> None:
        if one.command.folder not in self._folders_in_use():
            shutil.rmtree(one.command.folder, ignore_errors=True)

    def _begin_bake(self, new: Serving, old: Serving | None) -> None:
        rollout = _rollout(new.service)
        if self._proven is None or not rollout.is_watched:
            self._prove(new)
            return
        before = read_counters(old.process.counters_file) if old is not None else None
        self._bake = Bake(rollout, new.process.counters_file, before)
        goes = f"goes back to revision {self._proven.revision} when {self._bake.rule}"
        rule = f"is watched for {rollout.bake_seconds:g} s: it {goes}"
        self._log.say(f"Revision {new.revision} {rule}.")
        self._steps.begin(BAKE, rule)

    def _prove(self, one: Serving) -> None:
        """It is what later revisions go back to."""
        before, self._proven = self._proven, one
        self._bake = None
        if before is not None:
            self._remove_unused(before)

    def _watch(self) -> None:
        """See to the revision that serves since the last update: it stays, or it goes."""
        bake, serving = self._bake, self._serving
        if bake is None or serving is None:
            return
        reason = bake.look()
        if reason is not None:
            self._roll_back(serving, bake, reason)
        elif bake.is_over:
            self._log.say(f"Revision {serving.revision} stays: {bake.summary} in {bake.seconds:.0f} s.")
            if self._steps.current == BAKE:
                self._steps.end(bake.summary)
            self._prove(serving)

    def _roll_back(self, bad: Serving, bake: Bake, reason: str) -> None:
        """Start the revision before anew, and let it replace the one that serves when it answers."""
        good = self._proven
        assert good is not None
        if self._steps.current == BAKE:
            self._steps.end(reason)
        why = f"after {bake.seconds:.0f} s, because {reason}"
        self._log.say(f"Revision {bad.revision} is rolled back to revision {good.revision} {why}.")
        details = {"step": BAKE, "reason": "RolledBack", "revision": bad.revision, "log": self._log.tail(TAIL_LINES)}
        self._bake = None
        try:
            with self._steps.step(ROLL_BACK) as step:
                step.detail = f"to revision {good.revision}"
                quiet = Steps(lambda _: None)
                new = self._start(good.service, good.command, bad.sock, quiet, None)
        except ActivityCanceledException:
            return  # a newer revision is wanted
        except AzureMLException as error:
            self._stay(bad, f"Revision {bad.revision} should be rolled back {why}, but", good, error, details)
            return
        message = f"Revision {bad.revision} was rolled back {why}. Revision {good.revision} serves again."
        failure = RunError(code="UserError", message=message, details={**details, "serving_revision": good.revision})
        self._memory.keep(RolledBack(revision=self._attempted, error=failure, serving=good.service))
        self._replace(new, failure)

    def _stay(
        self, bad: Serving, beginning: str, good: Serving, error: AzureMLException, details: dict[str, object]
    ) -> None:
        message = f"{beginning} revision {good.revision} could not be started: {error.message}"
        if bad.process.exit_code is not None:
            self._give_up(bad, error, ROLL_BACK)
            return
        self._log.say(message)
        failure = RunError(code="UserError", message=message, details={**details, "serving_revision": bad.revision})
        self._reports.tell(state=ServiceState.RUNNING, error=failure)

    def _fail(self, revision: int, error: AzureMLException, step: str, begun: int) -> None:
        trace = error.facts.get("traceback")
        where = f"The step {step!r} failed: " if step else ""
        message = f"{where}{error.message}"
        self._log.say(f"Revision {revision} was not deployed. {message}")
        tail = self._log.tail(TAIL_LINES, since=begun)
        details = {"step": step, "traceback": trace, "log": tail, "reason": error.code}
        self._log.settle(_LOG_SECONDS)  # who reads of the failure asks for the log next
        serving = self._serving
        if serving is not None:
            message += f" Revision {serving.revision} goes on serving."
            details["serving_revision"] = serving.revision
        failure = RunError(code="UserError", message=message, details=details)
        if serving is None:
            self._reports.tell(state=ServiceState.FAILED, error=failure, scoring_uri=None, swagger_uri=None, port=None)
        else:
            self._reports.tell(state=ServiceState.RUNNING, error=failure)

    def _look(self) -> None:
        """Start a serving process anew that ended by itself, or lives no more; give it up when it keeps ending."""
        serving = self._serving
        if serving is None or (end := serving.end) is None:
            return
        if not self._engine_away:
            self._log.say(f"The serving process ended {end}.")
        serving.process.stop(0)  # what it started
        self._restarts = 0 if time.monotonic() - serving.since > _STABLE_SECONDS else self._restarts + 1
        failure: AzureMLException = DeploymentFailed(f"The serving process keeps ending, at last {end}.")
        steps = Steps(self._tell_steps)
        if self._restarts <= _RESTARTS:
            self._superseded.wait(min(0.1 * 2**self._restarts, 5.0) if self._restarts else 0)
            if self._superseded.is_set():
                return
            try:
                self._serving = self._start(serving.service, serving.command, serving.sock, steps, None)
            except ActivityCanceledException:
                return
            except EngineUnavailable as error:
                self._await_engine(error)
                return
            except AzureMLException as error:
                failure = error
            else:
                self._engine_away = False
                if self._proven is serving:
                    self._proven = self._serving
                if self._bake is not None:
                    self._bake.follow(self._serving.process.counters_file)
                self._reports.tell(state=ServiceState.RUNNING)
                return
        if self._bake is not None:
            self._roll_back(serving, self._bake, failure.message.rstrip("."))
        else:
            self._give_up(serving, failure, steps.current)

    def _give_up(self, serving: Serving, failure: AzureMLException, step: str) -> None:
        serving.sock.close()
        self._serving = self._proven = None
        self._fail(serving.revision, failure, step, max(0, self._log.size - 64 * 1024))

    def _await_engine(self, error: EngineUnavailable) -> None:
        """The service waits for the container engine to come back; so do its calls, for the socket stays."""
        if not self._engine_away:
            self._log.say(f"{error.message} The service is started again as soon as the engine answers.")
        self._engine_away = True
        self._restarts = 0
        self._superseded.wait(_ENGINE_SECONDS)

    def _tell_steps(self, steps: list[DeploymentStep]) -> None:
        self._reports.tell(steps=steps)

    def _stop_serving(self) -> None:
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.sock.close()
            serving.process.stop(_DELETE_SECONDS)
        deadline = time.monotonic() + _DELETE_SECONDS
        for one in list(self._retiring):
            one.process.stop(max(0.0, deadline - time.monotonic()))
        self._telemetry.close()

    def _stop(self) -> None:
        self._log.say("Deleted." if self._deleted else "Stopped.")
        self._log.close()
        self._reports.close(ServiceState.DELETED if self._deleted else ServiceState.UNKNOWN)


def _rollout(service: Service) -> Rollout:
    return convert(service.spec, ServiceSpec, what="the specification").rollout
