"""Services whose supervisor fell silent: what was running is unknown, what was deploying has failed."""

from __future__ import annotations

from sqlalchemy import Connection

from zaffre.core import codec
from zaffre.core.entities import RunError, Service
from zaffre.core.ids import now_ms
from zaffre.core.states import ServiceState
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.deployments.services import announce, change_state
from zaffre.server.notifier import Notifier
from zaffre.server.store import services
from zaffre.server.store.engine import Store
from zaffre.server.wakefulness import Wakefulness


class ServiceHeartbeats:
    """One round of ``step`` looks at every service. Silence counts from the start of the server, or from waking."""

    def __init__(self, store: Store, artifacts: ArtifactStore, notifier: Notifier, *, lost_seconds: float) -> None:
        self._store = store
        self._artifacts = artifacts
        self._notifier = notifier
        self._lost_seconds = lost_seconds
        self._wakefulness = Wakefulness()

    def step(self) -> None:
        if self._wakefulness.seconds() < self._lost_seconds:
            return
        if not self._store.read(self._silent):
            return
        for service in self._store.write(self._settle):
            if service.state is ServiceState.DELETED:
                self._artifacts.delete_root(roots.service(service.workspace, service.name))
            announce(self._notifier, service.workspace, service.name)

    def _silent(self, connection: Connection) -> list[Service]:
        states = (ServiceState.DEPLOYING, ServiceState.RUNNING, ServiceState.DELETED)
        return services.silent(connection, states, now_ms() - int(self._lost_seconds * 1000))

    def _settle(self, connection: Connection) -> list[Service]:
        # Read again: a report may have come since.
        found = self._silent(connection)
        for service in found:
            if service.state is ServiceState.DELETED:
                services.remove(connection, service.workspace, service.name)
            elif service.state is ServiceState.RUNNING:
                change_state(connection, service, ServiceState.UNKNOWN)
            else:
                error = RunError(
                    code="ServiceError",
                    message=f"Nothing was heard of the supervisor of service {service.name} for "
                    f"{self._lost_seconds:.0f} seconds. Look at its logs, then deploy it again.",
                )
                change_state(connection, service, ServiceState.FAILED, error=codec.to_plain(error))
        return found
