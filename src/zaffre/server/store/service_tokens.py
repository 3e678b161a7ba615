"""The tokens of a service: SHA-256 digests and ends."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from zaffre.core.ids import now_ms
from zaffre.server.store.schema import service_tokens
from zaffre.server.store.services import pk_of

_KEPT_MS = 24 * 3600 * 1000  # how long one that expired is remembered, so that its bearer is told so


def add(connection: Connection, ws: str, name: str, digest: str, expires_at: int) -> None:
    """Add a token of a service, and forget those that expired long ago."""
    service = pk_of(connection, ws, name)
    old = (service_tokens.c.service_pk == service) & (service_tokens.c.expires_at < now_ms() - _KEPT_MS)
    connection.execute(delete(service_tokens).where(old))
    connection.execute(insert(service_tokens).values(digest=digest, service_pk=service, expires_at=expires_at))


def all_of(connection: Connection, ws: str, name: str) -> list[tuple[str, int]]:
    """Digest and end of each, the newest last."""
    query = select(service_tokens.c.digest, service_tokens.c.expires_at)
    query = query.where(service_tokens.c.service_pk == pk_of(connection, ws, name))
    return [(row.digest, row.expires_at) for row in connection.execute(query.order_by(service_tokens.c.expires_at))]
