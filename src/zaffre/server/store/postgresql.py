"""PostgreSQL: one session that writes and holds the database for this server, and a pool of sessions that read.

The session that writes holds an advisory lock as long as it lives: a second server is refused, and one that lost its
session cannot write beside its successor. psycopg is imported when the first database is opened, no earlier.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from sqlalchemy import Insert, Table, create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from zaffre.core.errors import AzureMLException, InternalError, InvalidValue, ServerUnavailable, StorageFull
from zaffre.server.store.texts import NUL

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
OLDEST = 13  # the oldest version that tells what became of a transaction (pg_xact_status of an xid8)
READERS = 8
MORE_READERS = 24  # connections beyond these that a rush of readers may open
LOCK_KEY = 0x5A414646_52450001  # "ZAFFRE": the advisory lock of the server that uses a database
LOCK_SECONDS = 5.0  # how long the session of a server that has just ended may take to go
FATE_SECONDS = 15.0  # how long to ask for the outcome of a commit after the connection was lost

# What a connection is told unless the address says otherwise: notice within half a minute that the other side is gone.
_DEFAULTS = {
    "application_name": "zaffre",
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_FACTS = (
    "SELECT current_setting('fsync') = 'off', pg_is_in_recovery(),"
    " EXISTS (SELECT 1 FROM pg_catalog.pg_collation WHERE collname = 'und-x-icu')"
)

# user:password@host:port/name?options. A password with a bare "@" or "/" in it would be taken for a host, and shown.
_HOST = r"(?:\[[\da-fA-F:.]*\]|[^@/?#:,\[\]]*)(?::\d+)?"
_ADDRESS = re.compile(rf"(?:[^@/?#]*@)?{_HOST}(?:,{_HOST})*(?:/[^@/?#]*)?(?:\?[^#]*)?")

_log = logging.getLogger("zaffre.server.store")


class PostgresDatabase:
    """A ``Database`` at an address such as ``postgresql://user@host/name``, with whatever else libpq understands."""

    group_jobs = 60  # PostgreSQL remembers 64 savepoints of a transaction without going to disk

    def __init__(self, address: str) -> None:
        """Connects to nothing yet. Raises ``InvalidValue`` for an address that cannot be read, or without psycopg."""
        self._arguments = _arguments(address)
        self.place = _place(self._arguments)
        self.writer = self._engine(writer=True)
        self.reader = self._engine(writer=False)

    def begin(self, cursor: Any) -> str:
        cursor.execute("BEGIN; SELECT pg_current_xact_id()::text")  # one round trip for both
        cursor.nextset()
        return str(cursor.fetchone()[0])

    def savepoint(self, cursor: Any) -> None:
        cursor.execute("SAVEPOINT job")

    def release(self, cursor: Any) -> None:
        """Nothing to say: the next savepoint hides this one, and the commit ends them all."""

    def undo(self, cursor: Any) -> None:
        cursor.execute("ROLLBACK TO job")

    def begin_read(self, cursor: Any) -> None:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def in_transaction(self, raw: Any) -> bool:
        return not raw.closed and int(raw.info.transaction_status) != 0

    def is_lost(self, raw: Any) -> bool:
        return bool(raw.closed)

    def committed(self, ticket: str) -> bool:
        """Asked by the next session that holds the lock: by then the old one is gone, and its fate is known."""
        deadline = time.monotonic() + FATE_SECONDS
        while True:
            try:
                with self.writer.connect() as connection:
                    cursor = connection.connection.cursor()
                    cursor.execute("SELECT pg_xact_status(%s::xid8)", (ticket,))
                    found = cursor.fetchone()
                    cursor.close()
                    return found == ("committed",)
            except Exception as error:
                known = self.translate(error)
                if not isinstance(known, ServerUnavailable) or time.monotonic() >= deadline:
                    raise ServerUnavailable(
                        f"The connection to {self.place} broke in the middle of a commit, so it is not known whether "
                        "this was written. Look, or send it again, when the database is back.",
                        inner_exception=error,
                    ) from error
                time.sleep(0.2)

    def back_up(self, revision: str) -> None:
        """The backups of a PostgreSQL server are its keeper's; all steps of a migration are one transaction."""
        _log.info("Changing the schema of %s from %s, in one transaction", self.place, revision)

    def translate(self, error: BaseException) -> AzureMLException | None:
        return translate(error, self.place)

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()

    def _engine(self, *, writer: bool) -> Engine:
        size = {"pool_size": 1, "max_overflow": 0} if writer else {"pool_size": READERS, "max_overflow": MORE_READERS}
        return create_engine(
            "postgresql+psycopg://",
            isolation_level="AUTOCOMMIT",
            creator=self._connect_writer if writer else self._connect,
            poolclass=QueuePool,
            pool_reset_on_return=None,
            use_native_hstore=False,
            **size,
        )

    def _connect(self) -> Any:
        import psycopg

        connection = psycopg.connect(**self._arguments, autocommit=True)
        try:
            if connection.info.server_version < OLDEST * 10_000:
                raise too_old(connection.info.server_version, self.place)
            connection.prepared_max = 512
            # Compiling a statement takes longer than running any of ours.
            connection.execute("SET jit = off")
            return connection
        except BaseException:
            connection.close()
            raise

    def _connect_writer(self) -> Any:
        connection = self._connect()
        try:
            _check(connection, self.place)
            self._hold(connection)
            if connection.execute("SHOW synchronous_commit").fetchone() == ("off",):
                connection.execute("SET synchronous_commit = on")
            return connection
        except BaseException:
            connection.close()
            raise

    def _hold(self, connection: Any) -> None:
        """Take the lock of the one server; raises ``ServerUnavailable`` where another keeps it."""
        deadline = time.monotonic() + LOCK_SECONDS
        while connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone() != (True,):
            if time.monotonic() >= deadline:
                raise ServerUnavailable(
                    f"Another Zaffre server uses {self.place} already. Use that one, stop it, or give this one a "
                    "database of its own.",
                    database=self.place,
                )
            time.sleep(0.1)


def insert(table: Table) -> Any:
    """PostgreSQL's INSERT, which knows ON CONFLICT. (Its dialect takes longer to import than the store.)"""
    from sqlalchemy.dialects.postgresql import insert as construct

    made: Insert = construct(table)
    return made


def too_old(version: int, place: str) -> InvalidValue:
    return InvalidValue(
        f"{place} is PostgreSQL {version // 10_000}. Zaffre needs {OLDEST} or newer: upgrade it, or use another."
    )


def without_password(address: str) -> str:
    """The address as it may be kept: libpq then takes the password from PGPASSWORD or ~/.pgpass."""
    bare = re.sub(r"^([^:]+://[^:@/?#]*):[^@/?#]*@", r"\1@", address)
    return re.sub(r"([?&])password=[^&]*&?", r"\1", bare).rstrip("?&")


def _arguments(address: str) -> dict[str, Any]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise InvalidValue(
            'A PostgreSQL database needs the package psycopg: run `pip install "zaffre[postgresql]"`.'
        ) from error
    scheme, _, rest = address.partition("://")
    try:
        if not _ADDRESS.fullmatch(rest):
            raise ProgrammingError
        given = conninfo_to_dict(f"postgresql://{rest}")
    except ProgrammingError:
        # Without a word of it or of the driver's, which may be the password.
        raise InvalidValue(
            f"The address of the database ({scheme}://...) cannot be read. Write it as "
            "postgresql://user:password@host:5432/name, with %xx for signs that mean something in an address."
        ) from None
    return {**_DEFAULTS, **given}


def _place(arguments: dict[str, Any]) -> str:
    user = f"{arguments['user']}@" if arguments.get("user") else ""
    port = f":{arguments['port']}" if arguments.get("port") else ""
    return f"postgresql://{user}{arguments.get('host') or ''}{port}/{arguments.get('dbname') or ''}"


def _check(connection: Any, place: str) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    careless, standby, collates = connection.execute(_FACTS).fetchone()
    if standby:
        raise InvalidValue(f"{place} is a standby, which only reads. Give the address of its primary.")
    if encoding != "UTF8":
        raise InvalidValue(
            f"{place} keeps its texts in {encoding}. Make the database with: CREATE DATABASE ... ENCODING 'UTF8' "
            "TEMPLATE template0."
        )
    if not collates:
        raise InvalidValue(f"{place} has no ICU collations. Use a PostgreSQL that was built with ICU, as most are.")
    if careless:
        _log.warning("%s runs with fsync = off: a power cut may destroy it. Switch fsync on.", place)


# What a connection that could not be made says (it has no code), and the sentence for it.
_REFUSED = (
    ("password authentication failed", "{place} does not accept the password: {text}. Check ZAFFRE_DATABASE."),
    ("no password supplied", "{place} asks for a password. Give one in ZAFFRE_DATABASE, or in the file ~/.pgpass."),
    ("no pg_hba.conf entry", "{place} does not let this machine or user in: {text}. Add a line to its pg_hba.conf."),
    ("does not exist", "{place} cannot be used: {text}. Make it first, with createuser and createdb."),
    ("permission denied for database", "{place} cannot be used: {text}. Grant CONNECT on it."),
)


def translate(error: BaseException, place: str) -> AzureMLException | None:
    if isinstance(error, AzureMLException):
        return error
    if isinstance(error, PoolTimeout):
        return ServerUnavailable(f"{place} is busy: no connection to it was free for a while. Try again.")
    import psycopg

    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if not isinstance(cause, psycopg.Error):
        return None
    facts: dict[str, Any] = {"inner_exception": error, "database": place}
    state, text = cause.sqlstate or "", _first_line(cause)
    if state in ("53100", "53200"):
        what = "disk" if state == "53100" else "memory"
        return StorageFull(
            f"The {what} of {place} is full, so nothing was written ({text}). Make some room there and try again: the "
            "server goes on by itself.",
            **facts,
        )
    if state.startswith(("08", "57P")) or state == "53300":
        return _away(place, text, facts)
    if not state and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        sentence = next((sentence for sign, sentence in _REFUSED if sign in text), None)
        return (
            _away(place, text, facts)
            if sentence is None
            else ServerUnavailable(sentence.format(place=place, text=text), **facts)
        )
    return _refused(state, text, place, facts)


def _refused(state: str, text: str, place: str, facts: dict[str, Any]) -> AzureMLException | None:
    """What the database refuses to do, as opposed to what it cannot do now."""
    if "NUL (0x00)" in text or state == "22P05":
        return InvalidValue(NUL, **facts)
    if state == "54000":
        return InvalidValue(f"A name is too long for the database ({text}). Use a shorter one.", **facts)
    if state == "22003":
        return InvalidValue(f"A number is beyond 64 bits ({text}). Use a smaller one.", **facts)
    if state in ("25006", "42501", "XX001", "XX002", "58030"):
        return InternalError(
            f"The database {place} cannot be read or written: {text}. Check its rights and disk.", **facts
        )
    return None


def _away(place: str, text: str, facts: dict[str, Any]) -> ServerUnavailable:
    return ServerUnavailable(
        f"{place} does not answer ({text}). Start it, or check its address: this server goes on by itself.", **facts
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".?") if lines else type(error).__name__
