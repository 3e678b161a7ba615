"""Bringing a database to the schema of this program.

A new database gets all tables at once; an older one goes step by step through ``migrations``. Alembic, which runs the
steps, is imported only then: a start without news stays fast and small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from zaffre.core.errors import InternalError
from zaffre.server.store import schema
from zaffre.server.store.database import Database, roll_back


def prepare(database: Database) -> None:
    """Make or upgrade the tables; raises ``InternalError`` for a database that a newer program wrote.

    Before an upgrade the database keeps a copy of itself, where that is its business; else nothing is changed.
    """
    with database.writer.connect() as connection:
        if revision(connection) == schema.REVISION:
            return
        raw = connection.connection.driver_connection
        cursor = connection.connection.cursor()
        database.begin(cursor)  # from here on this process is the only one that prepares it
        try:
            _prepare(database, connection)
            cursor.execute("COMMIT")
        except BaseException:
            roll_back(database, connection, raw)
            raise
        finally:
            cursor.close()


def _prepare(database: Database, connection: Connection) -> None:
    found = revision(connection)
    if found == schema.REVISION:
        return
    if found is None:
        schema.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": schema.REVISION})
    elif found < schema.REVISION:
        database.back_up(found)
        upgrade(connection)
    else:
        raise InternalError(
            f"{database.place} was written by a newer version of Zaffre (schema {found}; this one knows "
            f"{schema.REVISION}). Upgrade this installation, or use another database or ZAFFRE_HOME."
        )


def revision(connection: Connection) -> str | None:
    """The last step that the database has seen; None for an empty one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the steps that the database has not seen, in the caller's transaction."""
    from alembic import command

    command.upgrade(_steps(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Take back the steps after ``to``, in the caller's transaction; what they added is lost."""
    from alembic import command

    command.downgrade(_steps(connection), to)


def _steps(connection: Connection) -> Any:
    """Alembic's configuration: the steps of this program, on this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if not connection.in_transaction():
        connection.begin()  # Alembic commits where it sees no transaction, and would end the caller's with it
    return config
