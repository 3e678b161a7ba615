"""Data of older versions through every step, up and down, in both kinds of database."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select, text

from tests.postgresql import Cluster
from zaffre.core.filters import RUNS, parse_filter
from zaffre.server.store import metrics, migrate, model_versions, run_search, runs, schema, tokens, workspaces
from zaffre.server.store.database import Database
from zaffre.server.store.engine import Store
from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.packing import Columns, pack
from zaffre.server.store.postgresql import PostgresDatabase
from zaffre.server.store.run_search import RunQuery
from zaffre.server.store.sqlite import SqliteDatabase

POINTS = Columns(array("q", [0, 1, 2]), array("q", [10, 11, 12]), array("d", [0.5, 0.25, float("inf")]))
ROWS: dict[str, list[dict[str, Any]]] = {
    "workspaces": [{"pk": 1, "id": "w", "name": "default", "created_at": 1, "tags": {"team": "ä"}}],
    "experiments": [{"id": 0, "workspace_pk": 1, "name": "Default", "created_at": 1, "updated_at": 1}],
    "runs": [
        {
            "pk": 1,
            "workspace_pk": 1,
            "experiment_id": 0,
            "id": "r1",
            "number": 1,
            "status": "Completed",
            "created_at": 1,
            "start_time": 2,
            "end_time": 3,
        }
    ],
    "run_tags": [{"run_pk": 1, "key": "日本", "value": "😀"}],
    "params": [{"run_pk": 1, "key": "lr", "value": "x" * 500}],
    "series": [
        {
            "run_pk": 1,
            "name": "loss",
            "ord": 0,
            "appended": 3,
            "is_int": 0,
            "last_step": 2,
            "last_timestamp": 12,
            "last_value": float("inf"),
            "min_value": 0.25,
            "max_value": float("inf"),
            "next_seq": 1,
            "tail_chunks": 1,
        }
    ],
    "metric_chunks": [
        {"run_pk": 1, "ord": 0, "seq": 0, "n": 3, "min_step": 0, "max_step": 2, "data": pack(POINTS)},
    ],
    "registered_models": [
        {"pk": 1, "workspace_pk": 1, "name": "m", "created_at": 1, "updated_at": 1, "last_version": 1}
    ],
    "model_versions": [
        {"pk": 1, "model_pk": 1, "version": 1, "created_at": 1, "updated_at": 1, "source": "s", "run_id": "r1"}
    ],
    "tokens": [
        {"hash": "a" * 64, "kind": "admin", "name": "root", "created_at": 1},
        {"hash": "b" * 64, "kind": "run", "name": "r1", "workspace_pk": 1, "run_id": "r1", "created_at": 1},
    ],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield str(tmp_path / "workspace.db")
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    address = cluster.create()
    yield address
    cluster.execute(f"DROP DATABASE {address.rpartition('/')[2]} WITH (FORCE)")


def database_at(target: str) -> Database:
    return PostgresDatabase(target) if "://" in target else SqliteDatabase(Path(target))


def step(target: str, *, up: str = "", down: str = "", fill: bool = False) -> None:
    """Take the database to a step, as a program of that time left it."""
    database = database_at(target)
    with database.writer.connect() as connection:
        cursor = connection.connection.cursor()
        database.begin(cursor)
        if up:
            migrate.upgrade(connection, up)
        if fill:
            insert_rows(connection)
        if down:
            migrate.downgrade(connection, down)
        cursor.execute("COMMIT")
        cursor.close()
    database.close()


def insert_rows(connection: Connection) -> None:
    for name, rows in ROWS.items():
        for row in rows:
            connection.execute(first.tables[name].insert(), row)
    if connection.dialect.name == "postgresql":
        for name in ("workspaces", "runs", "registered_models", "model_versions"):
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'pk'), 1)")


def shape(target: str) -> dict[str, Any]:
    """Tables with their columns, keys and indexes, as the database itself tells them."""
    database = database_at(target)
    with database.writer.connect() as connection:
        if connection.dialect.name == "sqlite":
            made = text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
            found = {row.name: row.sql for row in connection.execute(made)}
        else:
            seen = inspect(connection)
            found = {name: _columns_and_keys(seen, name) for name in seen.get_table_names()}
    database.close()
    return {name: what for name, what in found.items() if "alembic_version" not in name}


def _columns_and_keys(seen: Any, table: str) -> list[str]:
    columns = [", ".join(f"{key}={value!r}" for key, value in column.items()) for column in seen.get_columns(table)]
    keys = [seen.get_pk_constraint(table), *seen.get_foreign_keys(table), *seen.get_unique_constraints(table)]
    return [*columns, *sorted(map(repr, keys)), *sorted(map(repr, seen.get_indexes(table)))]


def test_the_steps_together_make_what_a_new_database_gets(empty: str) -> None:
    Store.open(empty).close()
    new = shape(empty)
    step(empty, down="base")
    assert shape(empty) == {}
    step(empty, up="head")
    assert shape(empty) == new != {}


@pytest.mark.parametrize("begin", ["0001", "0002"])
def test_what_an_older_program_kept_reads_through_the_store(empty: str, begin: str) -> None:
    step(empty, up=begin, fill=True)
    with Store.open(empty) as store:
        run = store.read(lambda connection: runs.get(connection, 1))
        assert (run.id, run.workspace, run.status.value, run.end_time) == ("r1", "default", "Completed", 3)
        assert (run.tags, run.params) == ({"日本": "😀"}, {"lr": "x" * 500})
        assert run.metrics == {"loss": float("inf")}
        for text in ("tags.日本 = '😀'", f"params.lr = '{'x' * 500}'"):
            query = RunQuery(experiment_ids=[0], filter=parse_filter(text, RUNS))
            assert store.read(lambda connection, query=query: run_search.count(connection, "default", query)) == 1  # type: ignore[misc]
        [series] = store.read(lambda connection: metrics.read(connection, 1))
        assert (series.points.steps, series.points.values) == (POINTS.steps, POINTS.values)
        assert store.read(lambda connection: model_versions.get(connection, "default", "m", 1)).run_id == "r1"
        for token, kind in (("a" * 64, "admin"), ("b" * 64, "run")):
            principal = store.read(lambda connection, token=token: tokens.find(connection, token))  # type: ignore[misc]
            assert principal is not None
            assert principal.kind == kind
        assert store.read(migrate.revision) == schema.REVISION
        made = store.write(lambda connection: workspaces.create(connection, "new"))
        assert made.name == "new"  # numbers go on where they were


@pytest.mark.parametrize("end", ["0001", "0002"])
def test_going_down_leaves_what_an_older_program_kept(empty: str, end: str) -> None:
    step(empty, up=end, fill=True)
    before = shape(empty)
    Store.open(empty).close()
    step(empty, down=end)
    assert shape(empty) == before
    database = database_at(empty)
    with database.writer.connect() as connection:
        for name, rows in ROWS.items():
            table = first.tables[name]
            found = [row._mapping for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            assert [{key: row[key] for key in given} for row, given in zip(found, rows, strict=True)] == rows
    database.close()
    with Store.open(empty) as store:  # and up again
        assert store.read(lambda connection: runs.get(connection, 1)).id == "r1"
