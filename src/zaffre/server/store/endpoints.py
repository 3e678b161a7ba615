"""Endpoints: the versions of each, what traffic was asked for, and what its router reported of copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from zaffre.core.endpoint_wire import ShadowReport
from zaffre.core.entities import Service
from zaffre.server.store import services
from zaffre.server.store.schema import endpoint_versions, endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as it is kept."""

    name: str
    service: Service
    traffic: int | None  # as it was asked for
    is_default: bool
    is_control: bool


def versions(connection: Connection, ws: str, name: str) -> list[Version]:
    """The versions of an endpoint in the order in which they were made, also those that are being deleted."""
    query = select(endpoint_versions).where(endpoint_versions.c.endpoint_pk == services.pk_of(connection, ws, name))
    rows = connection.execute(query.order_by(endpoint_versions.c.service_pk)).all()
    held = services.with_keys(connection, [row.service_pk for row in rows])
    return [
        Version(
            name=row.name,
            service=held[row.service_pk],
            traffic=row.traffic,
            is_default=bool(row.is_default),
            is_control=bool(row.is_control),
        )
        for row in rows
    ]


def begin(connection: Connection, ws: str, name: str) -> None:
    """Make a service an endpoint, which mirrors nothing; it may be one already."""
    pk = services.pk_of(connection, ws, name)
    values: dict[str, Any] = {"mirror_traffic": None, "shadow": None}
    if connection.execute(update(endpoints).where(endpoints.c.service_pk == pk).values(**values)).rowcount == 0:
        connection.execute(insert(endpoints).values(service_pk=pk, **values))


def add(connection: Connection, ws: str, name: str, version: str, service: str, traffic: int | None) -> None:
    """Make a service a version of an endpoint."""
    connection.execute(
        insert(endpoint_versions).values(
            service_pk=services.pk_of(connection, ws, service),
            endpoint_pk=services.pk_of(connection, ws, name),
            name=version,
            traffic=traffic,
        )
    )


def change(connection: Connection, ws: str, name: str, version: str, **values: Any) -> None:
    which = endpoint_versions.c.endpoint_pk == services.pk_of(connection, ws, name)
    connection.execute(update(endpoint_versions).where(which, endpoint_versions.c.name == version).values(**values))


def mark(connection: Connection, ws: str, name: str, version: str, column: str) -> None:
    """Set a flag of one version, and take it from the others."""
    which = endpoint_versions.c.endpoint_pk == services.pk_of(connection, ws, name)
    connection.execute(update(endpoint_versions).where(which).values({column: 0}))
    change(connection, ws, name, version, **{column: 1})


def mirror_traffic(connection: Connection, ws: str, name: str) -> dict[str, int]:
    query = select(endpoints.c.mirror_traffic).where(endpoints.c.service_pk == services.pk_of(connection, ws, name))
    return dict(connection.execute(query).scalar() or {})


def set_mirror_traffic(connection: Connection, ws: str, name: str, percentages: Mapping[str, int]) -> None:
    """What was reported of earlier copies is forgotten."""
    which = endpoints.c.service_pk == services.pk_of(connection, ws, name)
    connection.execute(update(endpoints).where(which).values(mirror_traffic=dict(percentages), shadow=None))


def shadow(connection: Connection, ws: str, name: str) -> Any:
    """The router's last report as JSON; None when there is none."""
    query = select(endpoints.c.shadow).where(endpoints.c.service_pk == services.pk_of(connection, ws, name))
    return connection.execute(query).scalar()


def set_shadow(connection: Connection, ws: str, name: str, report: ShadowReport | None) -> None:
    which = endpoints.c.service_pk == services.pk_of(connection, ws, name)
    connection.execute(update(endpoints).where(which).values(shadow=report))


def leave(connection: Connection, service: Service) -> None:
    """A service is no version of its endpoint any more."""
    pk = services.pk_of(connection, service.workspace, service.name)
    connection.execute(delete(endpoint_versions).where(endpoint_versions.c.service_pk == pk))
