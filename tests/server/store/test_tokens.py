"""Tokens in databases of other versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.server.store.test_migrate import upgraded
from zaffre.server.store import migrate, tokens, users
from zaffre.server.store.engine import Store
from zaffre.server.store.sqlite import SqliteDatabase
from zaffre.server.store.tokens import Principal


def test_tokens_stay_good_through_the_step_that_gave_them_users(tmp_path: Path) -> None:
    upgraded(tmp_path / "w.db", "0003")
    connection = sqlite3.connect(tmp_path / "w.db")
    given = [("a" * 64, "admin", None), ("b" * 64, "mlflow", None), ("c" * 64, "user", 5)]
    connection.executemany("INSERT INTO tokens (hash, kind, revoked_at, created_at) VALUES (?, ?, ?, 1)", given)
    connection.commit()
    connection.close()

    with Store.open(tmp_path / "w.db") as store:
        found = [store.read(lambda connection, digit=digit: tokens.find(connection, digit * 64)) for digit in "abc"]  # type: ignore[misc]
        assert [one and (one.kind, one.role) for one in found] == [("admin", "admin"), ("mlflow", "user"), None]
        store.write(lambda connection: users.add(connection, "ana", "user", "x"))
        ana = store.read(lambda connection: users.get(connection, "ana"))
        hers = Principal(kind="user", name="ana", user_pk=ana.pk)
        store.write(lambda connection: tokens.add(connection, "d" * 64, hers))


def test_an_older_program_gets_no_token_of_a_user(tmp_path: Path) -> None:
    with Store.open(tmp_path / "w.db") as store:
        store.write(lambda connection: users.add(connection, "ana", "reader", "x"))
        ana = store.read(lambda connection: users.get(connection, "ana"))
        for digit, pk in (("a", None), ("b", ana.pk)):
            one = Principal(kind="user", name="ana", user_pk=pk)
            store.write(lambda connection, digit=digit, one=one: tokens.add(connection, digit * 64, one))  # type: ignore[misc]
    database = SqliteDatabase(tmp_path / "w.db")
    with database.writer.connect() as connection:
        cursor = connection.connection.cursor()
        database.begin(cursor)
        migrate.downgrade(connection, "0003")
        cursor.execute("COMMIT")
        kept = connection.exec_driver_sql("SELECT hash FROM tokens").scalars().all()
    database.close()
    assert kept == ["a" * 64]
