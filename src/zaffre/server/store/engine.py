"""The database as the rooms of the server see it: functions that read, and functions that write.

Writing: every function given to ``write`` runs in ONE writer thread. Functions that wait together share a transaction,
so that one commit (one fsync) makes all of them durable; each after the first is in a savepoint of its own, so that
one's failure undoes only itself. ``write`` returns after the commit: what it returned is on disk and readable.

Reading: every function given to ``read`` sees one unchanging state of the database and never waits for a writer.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from zaffre.core.errors import InternalError, ServerUnavailable, Unsupported
from zaffre.server.store import migrate, postgresql, sqlite
from zaffre.server.store.database import Database, WriterConnection, roll_back
from zaffre.server.store.jobs import Job, settle
from zaffre.server.store.last_values import LastValues
from zaffre.server.store.transaction import Transaction

T = TypeVar("T")


class Store:
    """A workspace database. A function given to it takes a Connection, must not commit, and may be run twice.

    (Twice: when the transaction it shared with others is lost, or its connection, each of them is tried again alone.)
    """

    def __init__(self, database: Database) -> None:
        self.place = database.place
        self._database = database
        self._last_values = LastValues()
        self._last_values.attend(database.writer)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._readers = ThreadPoolExecutor(sqlite.READERS, thread_name_prefix="zaffre-read")
        self._writer = threading.Thread(target=self._work, name="zaffre-write", daemon=True)

    @classmethod
    def open(cls, target: str | Path) -> Store:
        """The store in ``target``, made or brought up to date first. Close it when done.

        ``target`` is the path of a SQLite file or the address of a PostgreSQL database (``postgresql://...``).
        """
        database = _database(target)
        store = cls(database)
        try:
            migrate.prepare(database)
        except BaseException as error:
            database.close()
            known = database.translate(error)
            if known is None or known is error:
                raise
            raise known from error
        store._writer.start()
        return store

    def write(self, fn: Callable[[Connection], T]) -> T:
        """What ``fn`` returned, once its writes are durable; its error, once its writes are undone.

        Raises ``StorageFull`` when the disk is full and ``ServerUnavailable`` after ``close``.
        """
        if threading.current_thread() is self._writer:
            raise InternalError("A write function called Store.write; it has a Connection already and must use that.")
        waiter: Future[T] = Future()
        self._submit(Job(fn, waiter))
        return waiter.result()

    async def awrite(self, fn: Callable[[Connection], T]) -> T:
        """``write`` for coroutines. Cancelling the caller does not take the write back."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._submit(Job(fn, waiter, loop))
        return await waiter

    def read(self, fn: Callable[[Connection], T]) -> T:
        """What ``fn`` returns; all its statements see the same state of the database."""
        if self._closed:
            raise self._gone()
        try:
            try:
                return self._read(fn)
            except _Lost:
                # The database was restarted, and the pool kept connections from before.
                self._database.reader.dispose()
                return self._read(fn)
        except Exception as error:
            known = self._database.translate(error.error if isinstance(error, _Lost) else error)
            if known is None or known is error:
                raise
            raise known from error

    def _read(self, fn: Callable[[Connection], T]) -> T:
        with self._database.reader.connect() as connection:
            raw: Any = connection.connection.driver_connection
            cursor: Any = connection.connection.cursor()
            try:
                self._last_values.begin(connection)
                self._database.begin_read(cursor)
                return fn(connection)
            except Exception as error:
                if self._database.is_lost(raw):
                    raise _Lost(error) from error
                raise
            finally:
                cursor.close()
                roll_back(self._database, connection, raw)

    async def aread(self, fn: Callable[[Connection], T]) -> T:
        """``read`` for coroutines, in a thread of the store's own."""
        if self._closed:
            raise self._gone()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read, fn)

    def close(self) -> None:
        """Finish what was queued, refuse what comes later, and leave one complete database file. Idempotent.

        (SQLite moves its write-ahead log into the file when the last connection goes.)
        """
        with self._gate:
            already, self._closed = self._closed, True
            if not already:
                self._jobs.put(None)
        if self._writer.is_alive():
            self._writer.join()
        self._readers.shutdown(wait=True)
        if not already:
            self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _submit(self, job: Job) -> None:
        with self._gate:
            if self._closed:
                raise self._gone()
            self._jobs.put(job)

    def _gone(self) -> ServerUnavailable:
        return ServerUnavailable(f"The server is shutting down: {self.place} is closed. Try again when it is back.")

    def _work(self) -> None:
        with contextlib.closing(WriterConnection(self._database)) as writer:
            is_last = False
            while not is_last:
                job = self._jobs.get()
                if job is None:
                    return
                transaction = Transaction(self._database, writer)
                transaction.run(job, self._jobs)
                self._last_values.settled()
                is_last = transaction.is_last
                settle(transaction.group)


class _Lost(Exception):
    """A read ended because its connection did."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def _database(target: str | Path) -> Database:
    scheme, separator, _ = str(target).partition("://")
    if not separator:
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite.SqliteDatabase(path)
    if scheme in postgresql.SCHEMES:
        return postgresql.PostgresDatabase(str(target))
    raise Unsupported(
        f"A {scheme} database is not supported. Give the path of a SQLite file, or postgresql://user@host/name."
    )
