"""What one database does its own way: opening, settings, upserts and the meaning of its errors.

Everything else in ``store`` is SQLAlchemy Core that every database understands.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Insert,
    Table,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy import column as column_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from zaffre.core.errors import AzureMLException, InternalError, ServerUnavailable, StorageFull

BUSY_SECONDS = 15.0  # how long to wait for another process that writes to the same file
READERS = 8


def sqlite_engine(path: Path, *, writer: bool) -> Engine:
    """An engine whose connections leave transactions to the store: one connection to write, a pool to read."""
    engine = create_engine(
        f"sqlite:///{path}",
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "cached_statements": 512},
        **({"poolclass": StaticPool} if writer else {"poolclass": QueuePool, "pool_size": READERS, "max_overflow": 24}),
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: sqlite3.Connection, _record: object) -> None:
        # SQLite's own knows only the letters of ASCII; ILIKE is made of it.
        connection.create_function("lower", 1, _lower, deterministic=True)
        cursor = connection.cursor()
        # The order matters: WAL first, for it decides what FULL means (one fsync of the log for each commit).
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA case_sensitive_like=ON")  # LIKE as PostgreSQL has it
        cursor.execute(f"PRAGMA cache_size={-16_000 if writer else -2_000}")
        # Moving the log into the file holds up the commit that does it: seldom, and then more at once (32 MiB).
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        cursor.execute("PRAGMA journal_size_limit=67108864")
        if not writer:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    return engine


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def begin_write(cursor: Any) -> None:
    cursor.execute("BEGIN IMMEDIATE")


def in_transaction(connection: Any) -> bool:
    """False once the database itself rolled back, as SQLite does when its disk is full."""
    return bool(connection.in_transaction)


def among(dialect: Dialect, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``column`` is one of many values, bound under ``name`` as ``many`` of them: one parameter however many they are,
    so that the statement stays the same.
    """
    if dialect.name == "postgresql":
        elements = func.json_array_elements_text(cast(bindparam(name), JSON))
        return column.in_(select(cast(elements, column.type)))
    return column.in_(select(column_("value")).select_from(func.json_each(bindparam(name))))


def many(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def upsert(dialect: Dialect, table: Table, keys: Sequence[str], replace: Iterable[str]) -> Insert:
    """INSERT that, where ``keys`` exist already, sets the columns ``replace`` instead; none: leaves the row alone."""
    construct = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    statement = construct(table)
    names = list(replace)
    if names:
        return statement.on_conflict_do_update(
            index_elements=list(keys), set_={name: statement.excluded[name] for name in names}
        )
    return statement.on_conflict_do_nothing(index_elements=list(keys))


def put(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``; where ``keys`` exist already, the other columns take the new values."""
    if rows:
        replace = [name for name in rows[0] if name not in keys]
        connection.execute(upsert(connection.dialect, table, keys, replace), rows)


def translate(error: BaseException, where: str) -> AzureMLException | None:
    """The domain error that a database error means; None where it is a fault of ours (a broken statement)."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if not isinstance(cause, sqlite3.OperationalError | sqlite3.DatabaseError):
        return None
    text = str(cause).lower()
    if "disk is full" in text:
        return StorageFull(
            f"The disk that holds {where} is full, so nothing was written. Free some space there and try again: "
            "the server goes on by itself.",
            inner_exception=error,
            path=where,
        )
    if "locked" in text or "busy" in text:
        return ServerUnavailable(
            f"Another process has kept {where} locked for {BUSY_SECONDS:g} seconds. End it and try again.",
            inner_exception=error,
            path=where,
        )
    if any(sign in text for sign in ("disk i/o error", "malformed", "not a database", "readonly", "unable to open")):
        return InternalError(
            f"The database {where} cannot be read or written: {cause}. Check its disk and permissions.",
            inner_exception=error,
            path=where,
        )
    return None
