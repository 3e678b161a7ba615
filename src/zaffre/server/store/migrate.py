"""Bringing a database to the schema of this program.

A new database gets all tables at once; an older one goes step by step through ``migrations``. Alembic, which runs the
steps, is imported only then: a start without news stays fast and small.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import Engine

from zaffre.core.errors import InternalError
from zaffre.server.store import dialect, schema


def prepare(engine: Engine, where: str) -> None:
    """Make or upgrade the tables; raises ``InternalError`` for a database that a newer program wrote."""
    with engine.connect() as connection:
        if revision(connection) == schema.REVISION:
            return
        cursor = connection.connection.cursor()
        dialect.begin_write(cursor)  # from here on this process is the only one that prepares it
        try:
            _prepare(connection, where)
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        finally:
            cursor.close()


def _prepare(connection: Connection, where: str) -> None:
    found = revision(connection)
    if found == schema.REVISION:
        return
    if found is None:
        schema.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": schema.REVISION})
    elif found < schema.REVISION:
        upgrade(connection)
    else:
        raise InternalError(
            f"{where} was written by a newer version of Zaffre (schema {found}; this one knows {schema.REVISION}). "
            "Upgrade this installation, or use another ZAFFRE_HOME."
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
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if not connection.in_transaction():
        connection.begin()  # Alembic commits where it sees no transaction, and would end the caller's with it
    command.upgrade(config, to)
