"""Users: a name, a role, and the hash of a password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from zaffre.core.entities import User
from zaffre.core.errors import AlreadyExists, NotFound
from zaffre.core.ids import now_ms
from zaffre.server.store.schema import tokens, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user with what only the check of a password needs."""

    pk: int
    user: User
    password_hash: str


def find(connection: Connection, name: str) -> Account | None:
    row = connection.execute(select(users).where(users.c.name == name)).first()
    return None if row is None else Account(pk=row.pk, user=_user(row), password_hash=row.password_hash)


def get(connection: Connection, name: str) -> Account:
    """Raises ``NotFound``."""
    found = find(connection, name)
    if found is None:
        raise NotFound(
            f"There is no user {name!r} on this server. `zaffre user list` shows those there are.", name=name
        )
    return found


def list_all(connection: Connection) -> list[User]:
    """Every user, by name."""
    return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]


def numbers(connection: Connection) -> dict[str, int]:
    """The row numbers of all users, which MLflow's clients are shown as their ids."""
    return {row.name: row.pk for row in connection.execute(select(users.c.name, users.c.pk))}


def add(connection: Connection, name: str, role: str, password_hash: str) -> User:
    """Raises ``AlreadyExists``."""
    if find(connection, name) is not None:
        raise AlreadyExists(f"There is a user {name!r} already. Choose another name, or set a new password.", name=name)
    now = now_ms()
    connection.execute(
        insert(users).values(name=name, role=role, password_hash=password_hash, created_at=now, updated_at=now)
    )
    return User(name=name, role=role, created_at=now, updated_at=now)


def change(connection: Connection, name: str, *, role: str | None = None, password_hash: str | None = None) -> User:
    """Set what is given. A new password ends the user's sessions; the user's tokens stay."""
    pk = get(connection, name).pk
    given = {"role": role, "password_hash": password_hash}
    values = {key: value for key, value in given.items() if value is not None}
    connection.execute(update(users).where(users.c.pk == pk).values(**values, updated_at=now_ms()))
    if password_hash is not None:
        connection.execute(delete(tokens).where(and_(tokens.c.user_pk == pk, tokens.c.kind == "session")))
    return get(connection, name).user


def remove(connection: Connection, name: str) -> None:
    """The user goes, and with it every token, session and ticket it has."""
    connection.execute(delete(users).where(users.c.pk == get(connection, name).pk))


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(name=row.name, role=row.role, created_at=row.created_at, updated_at=row.updated_at)
