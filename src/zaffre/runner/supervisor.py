"""One run from its start to its last acknowledged byte: prepare, start, stream, collect, tell how it ended."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from zaffre.core import contract
from zaffre.core.entities import Run, RunError, ScriptSpec, Workspace
from zaffre.core.errors import (
    ActivityCanceledException,
    AzureMLException,
    Category,
    InternalError,
    StorageFull,
    UserErrorException,
)
from zaffre.core.ids import now_ms
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.core.wire import RunPatch, WorkspaceAnswer
from zaffre.environments.exclusive import WAITING
from zaffre.launch.backend import Backend
from zaffre.launch.workload import Handle, Status
from zaffre.runner import preparation, script, source
from zaffre.runner.channel import Channel
from zaffre.runner.collection import Collector
from zaffre.runner.heartbeat import Heartbeat
from zaffre.runner.logs import GrowingFile, LogShipper, masked
from zaffre.runner.outbox import Outbox
from zaffre.runner.preparation import Prepared
from zaffre.sdk.client import Client, segment
from zaffre.sdk.spool import replay_orphans

GRACE_SECONDS: Final = 5.0  # what a canceled program gets to end by itself
TAIL_LINES: Final = 20
_POLL_SECONDS: Final = 0.02
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """What a runner is told when it is started."""

    url: str
    token: str
    workspace: str
    run_id: str
    home: Path
    environment: dict[str, str]  # what the program inherits
    patience_seconds: float  # how long the end of a run waits for a server that is away or full


@dataclass(frozen=True, slots=True)
class Outcome:
    status: RunStatus
    error: RunError | None = None


class Supervisor:
    """Supervises the run that ``settings`` names. ``note`` writes a line into the runner's own log."""

    def __init__(self, settings: Settings, note: Callable[[str], None]) -> None:
        self._settings = settings
        self._note = note
        self._channel = Channel(settings.url, settings.token, settings.home)
        name = _folder_name(settings)
        self.folder = settings.home / "runs" / name
        self.spool = settings.home / "spool" / name
        self._driver_log = self.spool / "driver.txt"
        self._build_log = self.spool / "build.txt"
        self.canceled = threading.Event()
        self._began_at = time.monotonic()
        self._ended_at: float | None = None  # when the program ended: patience with an absent server counts from here
        self._is_full = False
        self._last_refusal = ""
        self._programs_url = ""  # by which the program knows the server
        self._programs_spools: list[Path] = []  # where it leaves what it cannot send
        self._phase = RunStatus.STARTING
        prefix = f"/api/v1/workspaces/{segment(settings.workspace)}/runs/{segment(settings.run_id)}"
        self._path = prefix
        self._outbox = Outbox(
            self._channel,
            prefix,
            self.spool / "outbox.json",
            on_cancel=self.canceled.set,
            give_up=self._is_patience_over,
            on_refusal=self._hear_refusal,
        )
        self._logs = LogShipper(self._channel, prefix, give_up=self._is_patience_over, on_refusal=self._hear_refusal)
        self._heartbeat = Heartbeat(self._channel, prefix, on_cancel=self.canceled.set, on_lost=self._assert_life)
        self._collector: Collector | None = None

    def run(self) -> bool:
        """Supervise to the end; returns whether the server has acknowledged everything."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        run, spec, workspace = self._channel.insist(self._fetch, self._is_overdue)
        if run.status in RUN_TERMINAL:  # canceled before this process came up
            shutil.rmtree(self.spool, ignore_errors=True)
            shutil.rmtree(self.folder, ignore_errors=True)
            return True
        if run.status is RunStatus.CANCEL_REQUESTED:
            self.canceled.set()
        self._outbox.start()
        self._tell(RunStatus.STARTING)
        self._tell(RunStatus.PREPARING)
        for local, remote in ((self._build_log, contract.BUILD_LOG), (self._driver_log, contract.DRIVER_LOG)):
            local.touch()
            self._logs.add(GrowingFile(local, remote, self._settings.token))
        self._logs.start()
        self._heartbeat.start()
        try:
            outcome = self._execute(run, spec, workspace)
        except ActivityCanceledException:
            outcome = Outcome(RunStatus.CANCELED)
        except AzureMLException as error:
            outcome = Outcome(RunStatus.FAILED, _error_of(error))
        return self._finish(outcome)

    def _fetch(self, client: Client) -> tuple[Run, ScriptSpec, Workspace]:
        run = client.get(self._path, Run)
        spec = client.get(f"{self._path}/spec", ScriptSpec)
        return run, spec, client.get(client.ws(self._settings.workspace), WorkspaceAnswer).workspace

    # --- prepare -----------------------------------------------------------------------------------------------------

    def _execute(self, run: Run, spec: ScriptSpec, workspace: Workspace) -> Outcome:
        prepared = self._prepare(run, spec)
        online = script.Online(run, workspace, self._channel.url, self._settings.token, self._settings.home)
        self._programs_url = online.url
        self._programs_spools = prepared.spools()
        workload = replace(prepared.workload(spec, online, self._driver_log), tied=True)
        if spec.output_collection:
            self._collector = Collector(
                self._channel,
                self._path,
                self.folder,
                spec.watch_directories,
                give_up=self._is_patience_over,
                on_refusal=self._hear_refusal,
                on_problem=self._say,
            )
            self._collector.make_folders()
        backend = prepared.backend()
        handle = backend.start(workload)
        self._phase = RunStatus.RUNNING
        self._outbox.put(RunPatch(status=self._phase, start_time=now_ms(), waiting_for=""))
        if self._collector is not None:
            self._collector.start()
        return self._watch(backend, handle, spec)

    def _prepare(self, run: Run, spec: ScriptSpec) -> Prepared:
        """The source files and the environment, side by side."""
        failures: list[AzureMLException] = []

        def fetch() -> None:
            try:
                if run.snapshot_id:
                    snapshot = run.snapshot_id
                    self._channel.insist(
                        lambda client: source.fetch(
                            client, self._settings.workspace, snapshot, self.spool, self.folder
                        ),
                        lambda: self.canceled.is_set() or self._is_overdue(),
                    )
            except AzureMLException as error:
                failures.append(error)

        fetching = threading.Thread(target=fetch, name="source", daemon=True)
        fetching.start()
        with self._build_log.open("a", encoding="utf-8", buffering=1) as build_log:

            def log(line: str) -> None:
                print(line, file=build_log)
                if line.startswith(WAITING):
                    self._outbox.put(RunPatch(waiting_for=line))

            try:
                told = preparation.Settings(self._settings.home, self.folder, self.spool, self._settings.environment)
                prepared = preparation.prepare(spec, told, log, self.canceled, self._channel.tokens)
            except AzureMLException as error:
                print(error.message, file=build_log)
                raise
        self._outbox.put(prepared.use(spec.environment_name, spec.environment_version))
        fetching.join()
        if self.canceled.is_set():
            raise ActivityCanceledException("The run was canceled before its program was started.")
        if failures:
            raise failures[0]
        return prepared

    # --- run ---------------------------------------------------------------------------------------------------------

    def _watch(self, backend: Backend, handle: Handle, spec: ScriptSpec) -> Outcome:
        """Wait for the program's end, or bring it about."""
        limit = spec.max_run_duration_seconds
        deadline = time.monotonic() + limit if limit else None
        while (status := backend.poll(handle)).running:
            if self.canceled.is_set():
                self._say("The run is canceled: its program is stopped.")
                backend.stop(handle, GRACE_SECONDS)
                return Outcome(RunStatus.CANCELED)
            if deadline is not None and time.monotonic() > deadline:
                message = f"The run took longer than max_run_duration_seconds={limit} and was stopped."
                self._say(message)
                backend.stop(handle, GRACE_SECONDS)
                return Outcome(RunStatus.CANCELED, RunError(code="UserError", message=message))
            time.sleep(_POLL_SECONDS)
        outcome = self._outcome_of(status, spec)
        try:
            # What the program left running would hold its folder and its log; a service it deployed is meant to stay.
            backend.stop(handle, 0, nested=False)
        except AzureMLException as error:  # an engine that went away: how the program ended is known all the same
            self._note(error.message)
        return outcome

    def _outcome_of(self, status: Status, spec: ScriptSpec) -> Outcome:
        if status.exit_code == 0:
            return Outcome(RunStatus.COMPLETED)
        if status.exit_code is None and status.reason:
            return Outcome(RunStatus.FAILED, RunError(code="ServiceError", message=status.reason))
        tail = _tail(self._driver_log, self._settings.token)
        what = f"The script {spec.script}" if not spec.command else "The command"
        code = status.exit_code if status.exit_code is not None else 1
        how = f"ended with exit code {code}"
        if code < 0:
            guess = " (perhaps the machine ran out of memory)" if code == -9 and not status.reason else ""
            how = f"was ended by signal {-code}{guess}"
        why = f" {status.reason}" if status.reason else ""
        message = f"{what} {how}.{why}" + (f" Its last lines:\n{tail}" if tail else " It printed nothing.")
        details = {"exit_code": code, "log": contract.DRIVER_LOG, "working_directory": str(self.folder)}
        return Outcome(RunStatus.FAILED, RunError(code="UserError", message=message, details=details))

    # --- finish ------------------------------------------------------------------------------------------------------

    def _finish(self, outcome: Outcome) -> bool:
        self._ended_at = time.monotonic()
        ended = now_ms()
        self._tell(RunStatus.FINALIZING)
        collected = self._collector.close() if self._collector is not None else True
        missing = self._collector.missing if self._collector is not None else []
        if not collected:
            outcome = _without_files(outcome, missing, self._is_full, self.folder)
            self._say(outcome.error.message if outcome.error else "")
        shipped = self._logs.close()
        shipped = self._send_left_values() and shipped
        self._phase = outcome.status
        self._outbox.put(RunPatch(status=outcome.status, end_time=ended, error=outcome.error, waiting_for=""))
        told = self._outbox.close()
        self._heartbeat.stop()
        complete = collected and shipped and told
        if complete:
            shutil.rmtree(self.spool, ignore_errors=True)
            if outcome.status is not RunStatus.FAILED:
                shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self._note(f"Not everything reached the server; what it lacks is in {self.spool} and {self.folder}.")
        return complete

    def _send_left_values(self) -> bool:
        """Send the values that the program logged but, at its end, could not send; returns whether that is done."""

        def send(client: Client) -> None:
            for folder in self._programs_spools:
                replay_orphans(client.transport, folder, url=self._programs_url, insist=True)

        try:
            self._channel.insist(send, self._is_patience_over, self._hear_refusal)
        except AzureMLException:
            return False
        return True

    def _tell(self, status: RunStatus) -> None:
        self._phase = status
        self._outbox.put(RunPatch(status=status))

    def _assert_life(self) -> None:
        """The server holds a run for lost that goes on here."""
        if self._phase not in RUN_TERMINAL:
            self._outbox.put(RunPatch(status=self._phase))

    def _say(self, line: str) -> None:
        """A line of ours in the program's log, where people look."""
        if line:
            with self._driver_log.open("a", encoding="utf-8") as log:
                log.write(f"[zaffre] {line}\n")

    def _is_overdue(self) -> bool:
        """Whether the preparation has waited too long for a server that is away."""
        return time.monotonic() - self._began_at > self._settings.patience_seconds

    def _is_patience_over(self) -> bool:
        ended = self._ended_at
        return ended is not None and time.monotonic() - ended > self._settings.patience_seconds

    def _hear_refusal(self, error: AzureMLException) -> None:
        full = isinstance(error, StorageFull) or error.category is Category.FULL
        if full and not self._is_full:
            self._say(f"WARNING: {error.message} Logs and files are kept on this machine and sent once there is room.")
        if error.message != self._last_refusal:
            self._note(error.message)
        self._last_refusal = error.message
        self._is_full = full


def _folder_name(settings: Settings) -> str:
    """The run's id, unless it is too long for a file name or another workspace's run of that id was here before."""
    name = settings.run_id
    if len(name) <= _LONGEST_NAME and not any((settings.home / parent / name).exists() for parent in ("runs", "spool")):
        return name
    digest = hashlib.sha256(f"{settings.workspace}/{name}".encode()).hexdigest()
    return f"{name[:_LONGEST_NAME]}-{digest[:12]}"


def _error_of(error: AzureMLException) -> RunError:
    is_users = isinstance(error, UserErrorException) or error.category in (
        Category.INVALID,
        Category.UNSUPPORTED,
        Category.NOT_FOUND,
    )
    if isinstance(error, InternalError):
        is_users = False
    return RunError(
        code="UserError" if is_users else "ServiceError", message=error.message, details={"reason": error.code}
    )


def _without_files(outcome: Outcome, missing: list[str], is_full: bool, folder: Path) -> Outcome:
    """The outcome of a run whose files the server does not have: it must not look complete."""
    why = "the server's disk is full" if is_full else "the server could not be reached or refused them"
    listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    count = "1 file" if len(missing) == 1 else f"{len(missing)} files"
    lost = f"{count} of the run could not be stored, because {why}: {listed}. What is missing is kept in {folder}."
    if outcome.status is not RunStatus.COMPLETED:
        before = f"{outcome.error.message}\n" if outcome.error else ""
        code = outcome.error.code if outcome.error else "ServiceError"
        return Outcome(outcome.status, RunError(code=code, message=before + lost))
    message = f"The program ended with exit code 0, but {lost}"
    return Outcome(RunStatus.FAILED, RunError(code="ServiceError", message=message, details={"missing": missing}))


def _tail(log: Path, secret: str) -> str:
    """The last lines of a log, without the secret."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            data = file.read()
    except OSError:
        return ""
    return "\n".join(masked(data, secret.encode()).decode("utf-8", "replace").splitlines()[-TAIL_LINES:])
