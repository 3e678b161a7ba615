"""Tokens and sign-in tickets: only their hashes are kept, so that the database signs nobody in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.sql import ColumnElement

from zaffre.core.entities import Token
from zaffre.core.ids import now_ms
from zaffre.server.store.schema import tickets, tokens, users, workspaces
from zaffre.server.store.workspaces import key_of

ROLES = ("reader", "user", "admin")  # each may what those before it may, and more
ID_DIGITS = 16  # of the hash: enough to name a token, and of no use for making one
_FILE = ":file"  # not a run id: marks the token of the server's token file
_KEPT_MS = 30 * 24 * 3600 * 1000  # how long an expired token is remembered, so that its bearer is told so


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: what a token, a ticket or a password says about its bearer."""

    kind: str  # admin, user, run, session or mlflow
    name: str
    role: str = "user"  # reader, user or admin
    workspace: str | None = None  # None: every workspace
    run_id: str | None = None
    expires_at: int | None = None  # None: never
    user_pk: int | None = None  # None: no user with a password, but the account that runs the server
    token_id: str | None = None  # None: came with a password


def lesser(role: str, other: str) -> str:
    """The role of the two that may less."""
    return min(role, other, key=ROLES.index)


def add(connection: Connection, token_hash: str, principal: Principal, description: str = "") -> None:
    connection.execute(
        insert(tokens).values(
            **_bearer(connection, principal),
            hash=token_hash,
            run_id=principal.run_id,
            description=description,
            created_at=now_ms(),
            expires_at=principal.expires_at,
        )
    )


def find(connection: Connection, token_hash: str) -> Principal | None:
    """The bearer of a token that was not revoked; it may have expired."""
    row = connection.execute(_rows().where(tokens.c.hash == token_hash)).first()
    return None if row is None else _principal(row)


def list_valid(connection: Connection, of: Principal | None, *, runs: bool) -> list[Token]:
    """Tokens that still open something, the newest first: everyone's, or those of one who asks.

    Of an admin without a user those of no user; of anybody else without one, who may share a name, the token itself.
    """
    query = _rows().where(_valid(tokens.c.expires_at)).order_by(tokens.c.created_at.desc(), tokens.c.pk.desc())
    if not runs:
        query = query.where(tokens.c.kind != "run")
    if of is None:
        pass
    elif of.user_pk is not None:
        query = query.where(tokens.c.user_pk == of.user_pk)
    elif of.role == "admin":
        query = query.where(tokens.c.user_pk.is_(None))
    else:
        query = query.where(tokens.c.hash.startswith(of.token_id or "none"))
    return [_token(row) for row in connection.execute(query)]


def find_by_id(connection: Connection, token_id: str) -> tuple[str, Principal] | None:
    """The hash and the bearer of the token with this id."""
    if len(token_id) != ID_DIGITS or not set(token_id) <= set("0123456789abcdef"):
        return None
    row = connection.execute(_rows().where(tokens.c.hash.startswith(token_id))).first()
    return None if row is None else (row.hash, _principal(row))


def of_service(name: str) -> str:
    """What stands in place of a run's id in the token of a service's supervisor."""
    return f":service/{name}"


def forget_of_run(connection: Connection, ws: str, run_id: str) -> None:
    """Forget the tokens that were made for a run, or for a service."""
    connection.execute(
        delete(tokens).where(and_(tokens.c.workspace_pk == key_of(connection, ws), tokens.c.run_id == run_id))
    )


def is_of_file(connection: Connection, token_hash: str) -> bool:
    """Whether this is the token that the server keeps in its token file."""
    query = select(tokens.c.pk).where(and_(tokens.c.hash == token_hash, tokens.c.run_id == _FILE))
    return connection.execute(query).first() is not None


def revoke(connection: Connection, token_hash: str) -> None:
    connection.execute(update(tokens).where(tokens.c.hash == token_hash).values(revoked_at=now_ms()))


def note_uses(connection: Connection, uses: Mapping[str, int]) -> None:
    """Write when tokens were last used: times by hash."""
    if uses:
        query = update(tokens).where(tokens.c.hash == bindparam("hash_")).values(last_used_at=bindparam("at_"))
        connection.execute(query, [{"hash_": token_hash, "at_": at} for token_hash, at in uses.items()])


def keep_admin(connection: Connection, token_hash: str, name: str) -> None:
    """Make this the only admin token that the server's own token file ever gave."""
    connection.execute(
        delete(tokens).where(and_(tokens.c.kind == "admin", tokens.c.run_id == _FILE, tokens.c.hash != token_hash))
    )
    known = connection.execute(select(tokens.c.pk).where(tokens.c.hash == token_hash)).first()
    if known is None:
        add(connection, token_hash, Principal(kind="admin", name=name, role="admin", run_id=_FILE))


def purge(connection: Connection) -> None:
    """Forget what expired."""
    connection.execute(delete(tokens).where(tokens.c.expires_at < now_ms() - _KEPT_MS))
    connection.execute(delete(tickets).where(tickets.c.expires_at < now_ms()))


def add_ticket(connection: Connection, ticket_hash: str, principal: Principal, expires_at: int) -> None:
    connection.execute(
        insert(tickets).values(
            **_bearer(connection, principal), hash=ticket_hash, created_at=now_ms(), expires_at=expires_at
        )
    )


def use_ticket(connection: Connection, ticket_hash: str) -> Principal | None:
    """Who asked for the ticket, the first time it is shown in its time; else ``None``."""
    fresh = and_(tickets.c.hash == ticket_hash, tickets.c.used_at.is_(None), tickets.c.expires_at > now_ms())
    query = (
        select(tickets, workspaces.c.name.label("workspace"), users.c.role.label("user_role"))
        .join(workspaces, workspaces.c.pk == tickets.c.workspace_pk, isouter=True)
        .join(users, users.c.pk == tickets.c.user_pk, isouter=True)
        .where(fresh)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    connection.execute(update(tickets).where(fresh).values(used_at=now_ms()))
    return Principal(kind=row.kind, name=row.name, role=_role(row), workspace=row.workspace, user_pk=row.user_pk)


def _rows() -> Select[Any]:
    """Every token that was not revoked, with the workspace it is for and what its user may do by now."""
    return (
        select(tokens, workspaces.c.name.label("workspace"), users.c.role.label("user_role"))
        .join(workspaces, workspaces.c.pk == tokens.c.workspace_pk, isouter=True)
        .join(users, users.c.pk == tokens.c.user_pk, isouter=True)
        .where(tokens.c.revoked_at.is_(None))
    )


def _bearer(connection: Connection, principal: Principal) -> dict[str, Any]:
    return {
        "kind": principal.kind,
        "name": principal.name,
        "role": principal.role,
        "user_pk": principal.user_pk,
        "workspace_pk": None if principal.workspace is None else key_of(connection, principal.workspace),
    }


def _valid(expires_at: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(expires_at.is_(None), expires_at > now_ms())


def _role(row: Row[Any]) -> str:
    return row.role if row.user_role is None else lesser(row.role, row.user_role)


def _principal(row: Row[Any]) -> Principal:
    return Principal(
        kind=row.kind,
        name=row.name,
        role=_role(row),
        workspace=row.workspace,
        run_id=None if row.run_id == _FILE else row.run_id,
        expires_at=row.expires_at,
        user_pk=row.user_pk,
        token_id=row.hash[:ID_DIGITS],
    )


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.hash[:ID_DIGITS],
        kind=row.kind,
        name=row.name,
        role=_role(row),
        workspace=row.workspace,
        run_id=None if row.run_id == _FILE else row.run_id,
        description=row.description,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
