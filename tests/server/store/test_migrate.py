"""Databases of other versions: empty ones, older ones, newer ones."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from zaffre.core.errors import InternalError
from zaffre.server.store import migrate, schema, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.sqlite import SqliteDatabase


def tables(path: Path) -> list[tuple[str, str, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version' "
        "ORDER BY type, name"
    ).fetchall()
    connection.close()
    return found


def upgraded(path: Path, to: str) -> None:
    """A database that the steps up to ``to`` made, as an older program would have left it."""
    database = SqliteDatabase(path)
    with database.writer.connect() as connection:
        cursor = connection.connection.cursor()
        database.begin(cursor)
        migrate.upgrade(connection, to)
        cursor.execute("COMMIT")
    database.close()


def test_the_steps_together_make_what_a_new_database_gets(tmp_path: Path) -> None:
    Store.open(tmp_path / "new.db").close()
    upgraded(tmp_path / "stepped.db", "head")
    assert tables(tmp_path / "new.db") == tables(tmp_path / "stepped.db") != []


def test_the_program_knows_its_newest_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


@pytest.mark.parametrize("step", ["0001", "0002", "0003", "0004", "0005", "0006"])
def test_a_database_of_each_step_opens_and_works(tmp_path: Path, step: str) -> None:
    upgraded(tmp_path / "w.db", step)
    with Store.open(tmp_path / "w.db") as store:
        assert store.write(lambda connection: workspaces.create(connection, "default")).name == "default"
        assert store.read(migrate.revision) == schema.REVISION


def test_a_database_behind_the_first_step_is_brought_forward(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "w.db")
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute("INSERT INTO alembic_version VALUES ('0000')")
    connection.commit()
    connection.close()
    # There is no step 0000: the upgrade fails, and the database is left as it was.
    with pytest.raises(Exception, match="0000"):
        Store.open(tmp_path / "w.db")
    assert tables(tmp_path / "w.db") == []


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path / "w.db").close()
    connection = sqlite3.connect(tmp_path / "w.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(InternalError, match=r"newer version of Zaffre \(schema 9999"):
        Store.open(tmp_path / "w.db")


def test_opening_a_current_database_imports_no_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from zaffre.server.store.engine import Store\n"
        "for _ in range(2): Store.open(sys.argv[1]).close()\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('alembic', 'mako')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "w.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_two_processes_that_open_a_new_database_at_once_both_succeed(tmp_path: Path) -> None:
    program = "import sys; from zaffre.server.store.engine import Store; Store.open(sys.argv[1]).close()"
    both = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "w.db")]) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
