"""One transaction of the writer: a first job, and those that were waiting by the time it was done."""

from __future__ import annotations

import queue
import time
from typing import Any

from sqlalchemy import Connection

from zaffre.core.errors import ServerUnavailable
from zaffre.server.store.database import Database, WriterConnection, roll_back
from zaffre.server.store.jobs import Job

GROUP_SECONDS = 0.02  # no job joins a transaction that is older than this


class Transaction:
    """Runs jobs together, and each alone where that was in vain. ``group`` then has every job with its outcome."""

    def __init__(self, database: Database, writer: WriterConnection) -> None:
        self.group: list[Job] = []
        self.is_last = False  # the queue has ended
        self._database = database
        self._writer = writer
        self._lost = False  # the connection went
        self._ticket: str | None = None  # set while the commit is under way: its outcome may be in doubt

    def run(self, first: Job, jobs: queue.SimpleQueue[Job | None]) -> None:
        try:
            with self._writer as connection:
                self._together(connection, first, jobs)
        except BaseException as error:
            self.group = self.group or [first]
            try:
                if not self._is_committed():
                    self._apart(error)
            except BaseException as unknown:
                self._fail(self.group, unknown)

    def _together(self, connection: Connection, first: Job, jobs: queue.SimpleQueue[Job | None]) -> None:
        raw: Any = connection.connection.driver_connection
        cursor: Any = connection.connection.cursor()
        try:
            ticket = self._database.begin(cursor)
            self._fill(connection, raw, cursor, first, jobs)
            self._ticket = ticket
            cursor.execute("COMMIT")
        except BaseException:
            self._lost = self._database.is_lost(raw)
            roll_back(self._database, connection, raw)
            raise
        finally:
            cursor.close()

    def _fill(
        self, connection: Connection, raw: Any, cursor: Any, first: Job, jobs: queue.SimpleQueue[Job | None]
    ) -> None:
        database, group = self._database, self.group
        deadline = time.monotonic() + GROUP_SECONDS
        job: Job | None = first
        while job is not None:
            group.append(job)  # first of all: a job that nobody knows of is never answered
            if job is first:
                job.result = job.fn(connection)  # its error ends the transaction, which holds nothing else yet
            else:
                self._step(connection, raw, cursor, job)
            if len(group) >= database.group_jobs or time.monotonic() >= deadline:
                break
            try:
                job = jobs.get_nowait()
            except queue.Empty:
                break
            self.is_last = job is None

    def _step(self, connection: Connection, raw: Any, cursor: Any, job: Job) -> None:
        """A further job, in a savepoint of its own. Raises only if the whole transaction is lost."""
        self._database.savepoint(cursor)
        try:
            job.result = job.fn(connection)
        except BaseException as error:
            job.error = self._meaning(error)
            if not self._database.in_transaction(raw):
                raise  # the database rolled everything back, the jobs before this one too
            self._database.undo(cursor)
        else:
            self._database.release(cursor)

    def _is_committed(self) -> bool:
        """Whether the transaction stands although its connection was lost; raises where nobody can tell."""
        return self._lost and self._ticket is not None and self._database.committed(self._ticket)

    def _apart(self, error: BaseException) -> None:
        """Nothing of the group is on disk. Try each job alone, so that only those suffer that cannot succeed."""
        if len(self.group) == 1 and not self._lost:
            job = self.group[0]
            job.result, job.error = None, job.error or self._meaning(error)
            return
        for at, job in enumerate(self.group):
            job.result = job.error = None
            try:
                connected = self._database.writer.connect()
            except BaseException as unreachable:
                self._fail(self.group[at:], unreachable)
                return
            with connected as connection:
                self._alone(connection, job)

    def _alone(self, connection: Connection, job: Job) -> None:
        raw: Any = connection.connection.driver_connection
        cursor: Any = connection.connection.cursor()
        ticket = None
        try:
            begun = self._database.begin(cursor)
            job.result = job.fn(connection)
            ticket = begun
            cursor.execute("COMMIT")
        except BaseException as again:
            lost = self._database.is_lost(raw)
            roll_back(self._database, connection, raw)
            job.error = self._meaning(again)
            if lost and ticket is not None:
                job.error = ServerUnavailable(
                    f"{self._database.place} went away again while it committed, so it is not known whether this was "
                    "written. Look, or send it again, when the database is back.",
                    inner_exception=again,
                )
        finally:
            cursor.close()
        if job.error is not None:
            job.result = None

    def _fail(self, jobs: list[Job], error: BaseException) -> None:
        meaning = self._meaning(error)
        for job in jobs:
            job.result, job.error = None, meaning

    def _meaning(self, error: BaseException) -> BaseException:
        return self._database.translate(error) or error
