"""Step 0009: chunks of metrics know their timestamps; logged models keep every point of their metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from alembic import op
from sqlalchemy import Connection, Table, column, insert, literal, select, table, tuple_

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0009 import logged_model_metrics, metric_chunks
from zaffre.server.store.packing import unpack

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT_ONCE = 200  # rows: of chunks, some 20 MB
_BEHIND = " AND ".join(
    f"later.{name} = logged_model_metrics.{name}"
    for name in ("model_id", "name", "run_id", "dataset_name", "dataset_digest")
)


def upgrade() -> None:
    _move(first.tables["metric_chunks"], metric_chunks, _timed)
    _move(first.tables["logged_model_metrics"], logged_model_metrics, dict)


def downgrade() -> None:
    _move(metric_chunks, first.tables["metric_chunks"], _untimed)
    op.execute(
        "DELETE FROM logged_model_metrics WHERE EXISTS (SELECT 1 FROM logged_model_metrics AS later "  # noqa: S608
        f"WHERE {_BEHIND} AND (later.step, later.timestamp) "
        "> (logged_model_metrics.step, logged_model_metrics.timestamp))"
    )
    _move(logged_model_metrics, first.tables["logged_model_metrics"], dict)


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    stamps = unpack([row["data"]]).timestamps
    return {**row, "min_timestamp": min(stamps), "max_timestamp": max(stamps)}


def _untimed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("min_timestamp", "max_timestamp")}


def _move(old: Table, new: Table, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Make the table anew with its rows: SQLite reads what lies behind a long value only by reading the value."""
    connection = op.get_bind()
    op.rename_table(old.name, f"{old.name}_before")
    if connection.dialect.name == "postgresql":  # where names of keys are one for the whole schema
        op.execute(f"ALTER INDEX pk_{old.name} RENAME TO pk_{old.name}_before")
    new.create(connection)
    for rows in _portions(connection, old, f"{old.name}_before"):
        connection.execute(insert(new), [change(row) for row in rows])
    op.drop_table(f"{old.name}_before")


def _portions(connection: Connection, like: Table, name: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    before = table(name, *(column(each.name, each.type) for each in like.columns))
    key = [before.c[each.name] for each in like.primary_key.columns]
    statement = select(before).order_by(*key).limit(_AT_ONCE)
    rows = connection.execute(statement).mappings().all()
    while rows:
        yield [dict(row) for row in rows]
        last = [literal(rows[-1][each.name], each.type) for each in key]
        rows = connection.execute(statement.where(tuple_(*key) > tuple_(*last))).mappings().all()
