"""The two keys of a service, as they are: who may change the service may see them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from zaffre.server.store.schema import service_keys, services
from zaffre.server.store.workspaces import key_of

NOTHING: Final = 0
KEYS: Final = 1
TOKENS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    primary: str = field(repr=False)
    secondary: str = field(repr=False)
    enabled: int  # KEYS or TOKENS: what callers must send; NOTHING: anyone may call the service
    changed_at: int


def find(connection: Connection, ws: str, name: str) -> Keys | None:
    """The keys of a service, None when it never had any."""
    row = connection.execute(
        select(service_keys)
        .join(services, services.c.pk == service_keys.c.service_pk)
        .where(services.c.workspace_pk == key_of(connection, ws), services.c.name == name)
    ).first()
    if row is None:
        return None
    return Keys(primary=row.primary_key, secondary=row.secondary_key, enabled=row.enabled, changed_at=row.changed_at)


def put(connection: Connection, ws: str, name: str, keys: Keys | None) -> None:
    """Replace the keys of a service that is there; None: it has none any more."""
    pk = connection.execute(
        select(services.c.pk).where(services.c.workspace_pk == key_of(connection, ws), services.c.name == name)
    ).scalar_one()
    connection.execute(delete(service_keys).where(service_keys.c.service_pk == pk))
    if keys is None:
        return
    connection.execute(
        insert(service_keys).values(
            service_pk=pk,
            primary_key=keys.primary,
            secondary_key=keys.secondary,
            enabled=keys.enabled,
            changed_at=keys.changed_at,
        )
    )
