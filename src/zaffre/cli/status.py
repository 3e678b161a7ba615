"""``zaffre status``."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.cli.formats import moment
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Run, Service, Workspace
from zaffre.core.states import RunStatus, ServiceState
from zaffre.core.wire import ServerInfo
from zaffre.sdk.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    url: str
    version: str
    home: str
    started_at: int
    workspaces: list[str]
    running_runs: int
    running_services: int


FIELDS = (
    ("server", lambda status: status.url),
    ("version", lambda status: status.version),
    ("home", lambda status: status.home),
    ("started", lambda status: moment(status.started_at)),
    ("workspaces", lambda status: ", ".join(status.workspaces)),
    ("running runs", lambda status: status.running_runs),
    ("running services", lambda status: status.running_services),
)


def status(*, session: Session = SESSION) -> Details:
    """Show whether the server runs, and what it does now."""
    client = session.client()
    server = client.get("/api/v1/server", ServerInfo)
    names = [workspace.name for workspace in client.items("/api/v1/workspaces", Workspace)]
    runs = services = 0
    for scope in (Scope(client, name) for name in names):
        runs += sum(1 for _ in client.items(scope.path("runs"), Run, status=RunStatus.RUNNING.value))
        found = client.items(scope.path("services"), Service)
        services += sum(service.state is ServiceState.RUNNING for service in found)
    return Details(
        Status(
            url=client.url,
            version=server.version,
            home=server.home,
            started_at=server.started_at,
            workspaces=names,
            running_runs=runs,
            running_services=services,
        ),
        FIELDS,
    )
