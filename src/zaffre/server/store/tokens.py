"""Tokens and sign-in tickets: only their hashes are kept, so that the database signs nobody in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update
from sqlalchemy.sql import ColumnElement

from zaffre.core.ids import now_ms
from zaffre.server.store.schema import tickets, tokens, workspaces
from zaffre.server.store.workspaces import key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: what the row of a token or ticket says about its bearer."""

    kind: str  # admin, user, run, session or mlflow
    name: str
    workspace: str | None = None  # None: every workspace
    run_id: str | None = None
    expires_at: int | None = None  # None: never


def add(connection: Connection, token_hash: str, principal: Principal) -> None:
    connection.execute(
        insert(tokens).values(
            hash=token_hash,
            kind=principal.kind,
            name=principal.name,
            workspace_pk=_workspace_pk(connection, principal),
            run_id=principal.run_id,
            created_at=now_ms(),
            expires_at=principal.expires_at,
        )
    )


def find(connection: Connection, token_hash: str) -> Principal | None:
    """The bearer of a token that is neither revoked nor expired."""
    query = (
        select(tokens, workspaces.c.name.label("workspace"))
        .join(workspaces, workspaces.c.pk == tokens.c.workspace_pk, isouter=True)
        .where(and_(tokens.c.hash == token_hash, tokens.c.revoked_at.is_(None), _valid(tokens.c.expires_at)))
    )
    row = connection.execute(query).first()
    return None if row is None else _principal(row)


def revoke(connection: Connection, token_hash: str) -> None:
    connection.execute(update(tokens).where(tokens.c.hash == token_hash).values(revoked_at=now_ms()))


def keep_admin(connection: Connection, token_hash: str, name: str) -> None:
    """Make this the only admin token that the server's own token file ever gave."""
    connection.execute(
        delete(tokens).where(and_(tokens.c.kind == "admin", tokens.c.run_id == _FILE, tokens.c.hash != token_hash))
    )
    known = connection.execute(select(tokens.c.pk).where(tokens.c.hash == token_hash)).first()
    if known is None:
        add(connection, token_hash, Principal(kind="admin", name=name, run_id=_FILE))


def purge(connection: Connection) -> None:
    """Forget what expired."""
    connection.execute(delete(tokens).where(tokens.c.expires_at < now_ms()))
    connection.execute(delete(tickets).where(tickets.c.expires_at < now_ms()))


def add_ticket(connection: Connection, ticket_hash: str, principal: Principal, expires_at: int) -> None:
    connection.execute(
        insert(tickets).values(
            hash=ticket_hash,
            kind=principal.kind,
            name=principal.name,
            workspace_pk=_workspace_pk(connection, principal),
            created_at=now_ms(),
            expires_at=expires_at,
        )
    )


def use_ticket(connection: Connection, ticket_hash: str) -> Principal | None:
    """Who asked for the ticket, the first time it is shown in its time; else ``None``."""
    fresh = and_(tickets.c.hash == ticket_hash, tickets.c.used_at.is_(None), tickets.c.expires_at > now_ms())
    query = (
        select(tickets, workspaces.c.name.label("workspace"))
        .join(workspaces, workspaces.c.pk == tickets.c.workspace_pk, isouter=True)
        .where(fresh)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    connection.execute(update(tickets).where(fresh).values(used_at=now_ms()))
    return Principal(kind=row.kind, name=row.name, workspace=row.workspace)


_FILE = ":file"  # not a run id: marks the token of the server's token file


def _workspace_pk(connection: Connection, principal: Principal) -> int | None:
    return None if principal.workspace is None else key_of(connection, principal.workspace)


def _valid(expires_at: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(expires_at.is_(None), expires_at > now_ms())


def _principal(row: Row[Any]) -> Principal:
    run_id = None if row.run_id == _FILE else row.run_id
    return Principal(kind=row.kind, name=row.name, workspace=row.workspace, run_id=run_id, expires_at=row.expires_at)
