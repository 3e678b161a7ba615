"""The database as the rooms of the server see it: functions that read, and functions that write.

Writing: every function given to ``write`` runs in ONE writer thread. Functions that wait together share a transaction,
each in a savepoint of its own, so that one commit (one fsync) makes all of them durable and one's failure undoes only
itself. ``write`` returns after the commit: what it returned is on disk and readable.

Reading: every function given to ``read`` sees one unchanging state of the database and never waits for a writer.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from zaffre.core.errors import InternalError, ServerUnavailable, Unsupported
from zaffre.server.store import dialect, migrate
from zaffre.server.store.jobs import Job, settle

T = TypeVar("T")

GROUP_JOBS = 256  # at most this many functions share a transaction
GROUP_SECONDS = 0.02  # no function joins a transaction that is older than this


class Store:
    """A workspace database. A function given to it takes a Connection, must not commit, and may be run twice.

    (Twice: when the transaction it shared with others is lost, each of them is tried again alone.)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_engine = dialect.sqlite_engine(path, writer=True)
        self._read_engine = dialect.sqlite_engine(path, writer=False)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._readers = ThreadPoolExecutor(dialect.READERS, thread_name_prefix="zaffre-read")
        self._writer = threading.Thread(target=self._work, name="zaffre-write", daemon=True)

    @classmethod
    def open(cls, target: str | Path) -> Store:
        """The store in the SQLite file ``target``, made or brought up to date first. Close it when done."""
        if "://" in str(target):
            raise Unsupported(
                f"A {str(target).split('://')[0]} database is not supported yet. Give the path of a SQLite file."
            )
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        store = cls(path)
        try:
            migrate.prepare(store._write_engine, str(path))
        except BaseException as error:
            store._dispose()
            known = dialect.translate(error, str(path))
            if known is None:
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
            with self._read_engine.connect() as connection:
                raw = connection.connection.cursor()
                raw.execute("BEGIN")
                try:
                    return fn(connection)
                finally:
                    raw.execute("ROLLBACK")
                    raw.close()
        except Exception as error:
            known = dialect.translate(error, str(self.path))
            if known is None:
                raise
            raise known from error

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
            self._dispose()

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
        return ServerUnavailable(f"The server is shutting down: {self.path} is closed. Try again when it is back.")

    def _meaning(self, error: BaseException) -> BaseException:
        return dialect.translate(error, str(self.path)) or error

    def _dispose(self) -> None:
        self._read_engine.dispose()
        self._write_engine.dispose()

    def _work(self) -> None:
        open_ = True
        while open_:
            group: list[Job] = []
            open_ = self._gather_and_run(group)
            settle(group)

    def _gather_and_run(self, group: list[Job]) -> bool:
        """Run one transaction's worth of jobs; False once the queue has ended."""
        job = self._jobs.get()
        if job is None:
            return False
        with self._write_engine.connect() as connection:
            return _Transaction(connection, self._meaning).run(job, self._jobs, group)


class _Transaction:
    """One transaction of the writer: a first job, and those that were waiting by the time it was done."""

    def __init__(self, connection: Connection, meaning: Callable[[BaseException], BaseException]) -> None:
        self._connection = connection
        self._meaning = meaning
        self._raw: Any = connection.connection.driver_connection
        self._cursor: Any = connection.connection.cursor()

    def run(self, first: Job, jobs: queue.SimpleQueue[Job | None], group: list[Job]) -> bool:
        """Run and commit; ``group`` then holds every job with its outcome. False once the queue has ended."""
        open_ = True
        try:
            dialect.begin_write(self._cursor)
            deadline = time.monotonic() + GROUP_SECONDS
            job: Job | None = first
            while job is not None:
                group.append(job)
                self._step(job)
                if len(group) >= GROUP_JOBS or time.monotonic() >= deadline:
                    break
                try:
                    job = jobs.get_nowait()
                except queue.Empty:
                    break
                open_ = job is not None
            self._cursor.execute("COMMIT")
        except BaseException as error:
            self._recover(error, first, group)
        finally:
            self._cursor.close()
        return open_

    def _step(self, job: Job) -> None:
        """One job in its savepoint. Raises only if the whole transaction is lost."""
        self._cursor.execute("SAVEPOINT job")
        try:
            job.result = job.fn(self._connection)
        except BaseException as error:
            job.error = self._meaning(error)
            if not dialect.in_transaction(self._raw):
                raise  # the database rolled everything back, the jobs before this one too
            self._cursor.execute("ROLLBACK TO job")
        self._cursor.execute("RELEASE job")

    def _recover(self, error: BaseException, first: Job, group: list[Job]) -> None:
        """Nothing of the group is on disk. Try each job alone, so that only those suffer that cannot succeed."""
        self._rollback()
        if len(group) <= 1:
            job = group[0] if group else first
            group[:] = [job]
            job.result, job.error = None, job.error or self._meaning(error)
            return
        for job in group:
            job.result = job.error = None
            try:
                dialect.begin_write(self._cursor)
                job.result = job.fn(self._connection)
                self._cursor.execute("COMMIT")
            except BaseException as again:
                job.result, job.error = None, self._meaning(again)
                self._rollback()

    def _rollback(self) -> None:
        if dialect.in_transaction(self._raw):
            self._cursor.execute("ROLLBACK")
