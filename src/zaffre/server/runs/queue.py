"""The queues of the compute targets: who is next gets a node, the others are told what they wait for."""

from __future__ import annotations

import logging
from functools import partial
from itertools import groupby

from sqlalchemy import Connection

from zaffre.core import codec
from zaffre.core.entities import ComputeTarget, Run, RunError
from zaffre.core.errors import AzureMLException, StateConflict
from zaffre.core.ids import new_hex, now_ms
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.server.notifier import Notifier
from zaffre.server.runs.runners import Runners, Started
from zaffre.server.store import computes, runs
from zaffre.server.store.engine import Store
from zaffre.server.tracking.status import change_status

_log = logging.getLogger("zaffre.server.runs")


class Queue:
    """One round of ``step`` brings every queued run as far as it can come now.

    A run is taken with a lease; what starting it gave is applied only while the lease holds.
    """

    def __init__(self, store: Store, notifier: Notifier, runners: Runners, *, lease_seconds: float) -> None:
        self._store = store
        self._notifier = notifier
        self._runners = runners
        self._lease_ms = int(lease_seconds * 1000)

    def step(self, url: str) -> None:
        self._settle_ended()
        self._settle_unstarted()
        queued = self._store.read(lambda connection: runs.waiting(connection, [RunStatus.QUEUED], now_ms()))
        by_target = sorted(queued, key=lambda run: (run.workspace, run.target or ""))
        for (ws, target), waiting in groupby(by_target, key=lambda run: (run.workspace, run.target or "")):
            compute = self._store.read(partial(computes.find, ws=ws, name=target))
            self._serve(url, target, compute, list(waiting))

    def _serve(self, url: str, target: str, compute: ComputeTarget | None, waiting: list[Run]) -> None:
        if compute is None:
            for run in waiting:
                self._end(run, RunStatus.FAILED, _gone(target))
            return
        free = max(compute.max_nodes - compute.running_nodes, 0)
        for run in waiting[:free]:
            self._take(url, run)
        busy = max(compute.running_nodes, compute.max_nodes if waiting[free:] else 0)
        for position, run in enumerate(waiting[free:], 1):
            self._tell(
                run,
                f"Waits for a node of {target}: position {position} of {len(waiting) - free} in its queue, "
                f"{busy} of {compute.max_nodes} nodes busy.",
            )

    def _take(self, url: str, run: Run) -> None:
        token = new_hex()

        def lease(connection: Connection) -> bool:
            key = runs.key_of(connection, run.workspace, run.id)
            now = now_ms()
            if key.status is not RunStatus.QUEUED or not runs.lease(
                connection, key.pk, token, now + self._lease_ms, now
            ):
                return False  # canceled, or taken, since it was read
            change_status(connection, key, RunStatus.STARTING, now=now, reason=f"a node of {run.target} is free")
            runs.change(connection, [key.pk], waiting_for=None)
            return True

        if not self._store.write(lease):
            return
        self._publish(run)
        error: AzureMLException | None = None
        try:
            self._runners.start(run, url)
        except AzureMLException as caught:
            error = caught

        def apply(connection: Connection) -> None:
            key = runs.key_of(connection, run.workspace, run.id)
            if not runs.holds(connection, key.pk, token):
                return
            if error is not None:
                change_status(connection, key, RunStatus.FAILED, now=now_ms(), reason=error.message)
                failure = RunError(code="ServiceError", message=error.message)
                runs.change(connection, [key.pk], error=codec.to_plain(failure))
            runs.release(connection, key.pk, token)

        self._store.write(apply)
        self._publish(run)

    def _settle_unstarted(self) -> None:
        """Runs that a server took but, having been stopped, never started go back into the queue."""
        starting = self._store.read(lambda connection: runs.waiting(connection, [RunStatus.STARTING], now_ms()))
        for run in starting:
            if not self._runners.has(run.workspace, run.id):
                self._end(run, RunStatus.QUEUED, None, reason="the server was stopped before it could start the run")

    def _settle_ended(self) -> None:
        """A runner that ended without saying how its run ended: the run has failed, and the runner's words say why."""
        for started in self._runners.known():
            status = self._runners.poll(started)
            if status.running:
                continue
            said = self._runners.forget(started)
            self._end_of(started, status.exit_code, said)

    def _end_of(self, started: Started, exit_code: int | None, said: str) -> None:
        def find(connection: Connection) -> Run | None:
            key = runs.find_key(connection, started.workspace, started.run_id)
            return None if key is None or key.status in RUN_TERMINAL else runs.get(connection, key.pk)

        run = self._store.read(find)
        if run is None:
            return
        if run.status is RunStatus.CANCEL_REQUESTED:
            self._end(run, RunStatus.CANCELED, None, reason="its runner ended")
            return
        how = "ended" if exit_code is None else f"ended with exit code {exit_code}"
        message = f"The runner of the run {how} before the run did. {said.splitlines()[-1] if said else ''}".strip()
        self._end(run, RunStatus.FAILED, RunError(code="ServiceError", message=message, details={"log": said}))

    def _end(self, run: Run, status: RunStatus, error: RunError | None, *, reason: str = "") -> None:
        def apply(connection: Connection) -> None:
            key = runs.key_of(connection, run.workspace, run.id)
            why = reason or (error.message if error else "")
            change_status(connection, key, status, now=now_ms(), reason=why)
            if error is not None:
                runs.change(connection, [key.pk], error=codec.to_plain(error))

        try:
            self._store.write(apply)
        except StateConflict as conflict:  # it ended by itself in the meantime
            _log.info("%s", conflict.message)
            return
        self._publish(run)

    def _tell(self, run: Run, sentence: str) -> None:
        if run.waiting_for == sentence:
            return

        def apply(connection: Connection) -> None:
            key = runs.key_of(connection, run.workspace, run.id)
            if key.status is RunStatus.QUEUED:
                runs.change(connection, [key.pk], waiting_for=sentence)

        self._store.write(apply)
        self._publish(run)

    def _publish(self, run: Run) -> None:
        self._notifier.publish(f"run:{run.id}", f"runs:{run.workspace}")


def _gone(target: str) -> RunError:
    return RunError(
        code="UserError",
        message=f"Compute target {target} was deleted while the run waited for it. Create it again, and submit anew.",
    )
