"""What the store asks of a database, whichever it is. ``sqlite`` and ``postgresql`` answer."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from zaffre.core.errors import AzureMLException


class Database(Protocol):
    """Connections, transactions and errors of one database. Cursors and raw connections are the driver's own."""

    writer: Engine  # one connection, for the one thread that writes
    reader: Engine  # a pool
    group_jobs: int  # at most this many writes share a transaction

    @property
    def place(self) -> str:
        """Where it is, as sentences and logs say it: a path, or an address without its password."""

    def begin(self, cursor: Any) -> str | None:
        """Begin a write transaction.

        Answers a ticket by which ``committed`` knows it again, where a connection can be lost.
        """

    def savepoint(self, cursor: Any) -> None:
        """Mark the beginning of a further write within the transaction."""

    def release(self, cursor: Any) -> None:
        """Keep what was written since the savepoint."""

    def undo(self, cursor: Any) -> None:
        """Take back what was written since the savepoint, and go on."""

    def begin_read(self, cursor: Any) -> None:
        """Begin a transaction whose statements all see the same state."""

    def in_transaction(self, raw: Any) -> bool:
        """False once the database itself rolled back, or went away."""

    def is_lost(self, raw: Any) -> bool:
        """Whether this connection has no database behind it any more."""

    def committed(self, ticket: str) -> bool:
        """Whether the transaction, whose connection was lost while it committed, did so. May wait.

        Raises ``ServerUnavailable`` when nobody answers.
        """

    def back_up(self, revision: str) -> None:
        """Keep a copy before a migration from ``revision``, where that is the store's own business.

        Raises ``StorageFull`` or ``InternalError`` when it cannot be made.
        """

    def translate(self, error: BaseException) -> AzureMLException | None:
        """The domain error that a database error means; None where it is a fault of ours (a broken statement)."""

    def close(self) -> None:
        """Let go of every connection."""


class WriterConnection:
    """The writer's connection, kept between transactions: to take it from a pool costs as much as a small write does.

    After an error it is given back, and the next transaction takes one anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Connection | None = None

    def __enter__(self) -> Connection:
        if self._kept is None:
            self._kept = self._database.writer.connect()
        return self._kept

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.close()

    def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


def roll_back(database: Database, connection: Connection, raw: Any) -> None:
    """End the transaction that ``connection`` had on ``raw`` without a trace; a connection that is lost goes."""
    if not database.is_lost(raw) and database.in_transaction(raw):
        cursor = raw.cursor()
        try:
            cursor.execute("ROLLBACK")
        except Exception:
            if not database.is_lost(raw):
                raise
        finally:
            cursor.close()
    if database.is_lost(raw) and not connection.invalidated:
        connection.invalidate()
