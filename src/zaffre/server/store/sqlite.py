"""SQLite: one file in WAL mode, one connection that writes, many that read."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from zaffre.core.errors import AzureMLException, InternalError, ServerUnavailable, StorageFull
from zaffre.server.store import backup
from zaffre.server.store.texts import TextConnection
from zaffre.server.store.wal_room import WalRoom

BUSY_SECONDS = 15.0  # how long to wait for another process that writes to the same file
READERS = 8
CACHE_KIB = 32_000  # what a search of 100,000 runs walks over, several times; pages that are read anew cost it most
MEMORY_BYTES = 160_000_000
# The connection used last is the next one, for it has in its memory what was read last.
_READER_POOL = {"poolclass": QueuePool, "pool_size": READERS, "max_overflow": 24, "pool_use_lifo": True}


class SqliteDatabase:
    """A ``Database`` in the file ``path``; its backups are in ``backups/`` beside it."""

    group_jobs = 256

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self.writer = _engine(path, writer=True)
        self.reader = _engine(path, writer=False)
        self._room = WalRoom(path)

    def begin(self, cursor: Any) -> None:
        cursor.execute("BEGIN IMMEDIATE")
        self._room.ensure()

    def savepoint(self, cursor: Any) -> None:
        cursor.execute("SAVEPOINT job")

    def release(self, cursor: Any) -> None:
        cursor.execute("RELEASE job")

    def undo(self, cursor: Any) -> None:
        cursor.execute("ROLLBACK TO job")
        cursor.execute("RELEASE job")

    def begin_read(self, cursor: Any) -> None:
        cursor.execute("BEGIN")

    def in_transaction(self, raw: Any) -> bool:
        return bool(raw.in_transaction)  # not so once the disk was full

    def is_lost(self, raw: Any) -> bool:  # noqa: ARG002
        return False

    def committed(self, ticket: str) -> bool:
        raise InternalError(f"Transactions of {self.place} have no tickets, and this one has {ticket}.")

    def back_up(self, revision: str) -> None:
        backup.before_migration(self.path, revision)

    def translate(self, error: BaseException) -> AzureMLException | None:
        return translate(error, self.place)

    def close(self) -> None:
        # SQLite moves its write-ahead log into the file when the last connection goes.
        self.reader.dispose()
        self.writer.dispose()


def _engine(path: Path, *, writer: bool) -> Engine:
    """An engine whose connections leave transactions to the store: one connection to write, a pool to read."""
    engine = create_engine(
        f"sqlite:///{path}",
        isolation_level="AUTOCOMMIT",
        connect_args={
            "timeout": BUSY_SECONDS,
            "check_same_thread": False,
            "cached_statements": 512,
            "factory": TextConnection,
        },
        **({"poolclass": StaticPool} if writer else _READER_POOL),
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
        cursor.execute(f"PRAGMA cache_size={-CACHE_KIB}")
        # Of all connections together: from there on one forgets a page for each that it reads. There may be 33.
        cursor.execute(f"PRAGMA soft_heap_limit={MEMORY_BYTES}")
        # Moving the log into the file holds up the commit that does it: seldom, and then more at once (32 MiB).
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        cursor.execute("PRAGMA journal_size_limit=67108864")
        if not writer:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    return engine


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def translate(error: BaseException, where: str) -> AzureMLException | None:
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
