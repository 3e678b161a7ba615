"""Runs that stopped to beat: first NotResponding, then failed, with the reason."""

from __future__ import annotations

from sqlalchemy import Connection

from zaffre.core import codec
from zaffre.core.entities import Run, RunError
from zaffre.core.ids import now_ms
from zaffre.core.states import RunStatus
from zaffre.server.notifier import Notifier
from zaffre.server.store import runs
from zaffre.server.store.engine import Store
from zaffre.server.tracking.status import change_status
from zaffre.server.wakefulness import Wakefulness

_ALIVE = (
    RunStatus.STARTING,
    RunStatus.PROVISIONING,
    RunStatus.PREPARING,
    RunStatus.QUEUED,
    RunStatus.RUNNING,
    RunStatus.FINALIZING,
)


class Heartbeats:
    """One round of ``step`` looks at every run that has ever beaten.

    Silence counts from the start of the server, or from when the machine woke: runners cannot beat before.
    """

    def __init__(self, store: Store, notifier: Notifier, *, lost_seconds: float) -> None:
        self._store = store
        self._notifier = notifier
        self._lost_seconds = lost_seconds
        self._wakefulness = Wakefulness()

    def step(self) -> None:
        if self._wakefulness.seconds() < self._lost_seconds:
            return
        if self._store.read(lambda connection: bool(self._silent(connection))):
            changed = self._store.write(self._settle)
            self._notifier.publish(*(topic for run in changed for topic in (f"run:{run.id}", f"runs:{run.workspace}")))

    def _silent(self, connection: Connection) -> list[tuple[Run, RunStatus]]:
        """Runs that are silent for too long, and what each becomes."""
        lost = now_ms() - int(self._lost_seconds * 1000)
        doubtful = now_ms() - int(self._lost_seconds * 500)
        return [
            *((run, RunStatus.CANCELED) for run in runs.silent(connection, [RunStatus.CANCEL_REQUESTED], lost)),
            *((run, RunStatus.FAILED) for run in runs.silent(connection, [RunStatus.NOT_RESPONDING], lost)),
            *((run, RunStatus.NOT_RESPONDING) for run in runs.silent(connection, _ALIVE, doubtful)),
        ]

    def _settle(self, connection: Connection) -> list[Run]:
        # Read again: a heartbeat may have come since, and then this run is not among them any more.
        changed = []
        for run, status in self._silent(connection):
            reason = f"no heartbeat came for {self._lost_seconds:.0f} seconds"
            if status is RunStatus.NOT_RESPONDING:
                reason = f"no heartbeat came for {self._lost_seconds / 2:.0f} seconds"
            failed = RunError(
                code="ServiceError",
                message=f"Nothing was heard of the run for {self._lost_seconds:.0f} seconds: its runner or its machine "
                "stopped. Submit it again.",
            )
            key = runs.key_of(connection, run.workspace, run.id)
            change_status(connection, key, status, now=now_ms(), reason=reason)
            if status is RunStatus.FAILED:
                runs.change(connection, [key.pk], error=codec.to_plain(failed))
            changed.append(run)
        return changed
