"""Runs as a list shows them: their columns, tags, parameters and latest metrics.

A search answers a hundred at once, and to make the entity of each would cost it more than to find them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select

from zaffre.core.states import RunStatus
from zaffre.server.store import dialect, metrics, pairs
from zaffre.server.store.metrics import LatestRow
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.runs import parents
from zaffre.server.store.schema import experiments, params, run_tags, runs

Pairs = Sequence[tuple[str, str]]  # by key


class Outline(Struct):
    """One run; times in milliseconds."""

    id: str
    experiment_id: int
    display_name: str
    status: RunStatus
    created_at: int
    created_by: str
    parent_id: str | None
    start_time: int | None
    end_time: int | None
    archived_at: int | None
    tags: Pairs
    params: Pairs
    latest: Sequence[LatestRow]  # of every metric


_COLUMNS = select(
    runs.c.pk,
    runs.c.id,
    runs.c.experiment_id,
    runs.c.display_name,
    runs.c.status,
    runs.c.created_at,
    runs.c.created_by,
    parents.c.id,
    runs.c.start_time,
    runs.c.end_time,
    runs.c.archived_at,
).outerjoin(parents, parents.c.pk == runs.c.parent_pk)
_one = Prepared(_COLUMNS.where(runs.c.pk == bindparam("wanted")), ("wanted",))
_placed = Prepared(
    _COLUMNS.add_columns(experiments.c.artifact_location)
    .join(experiments, experiments.c.id == runs.c.experiment_id)
    .where(runs.c.pk == bindparam("wanted")),
    ("wanted",),
)
_many = Prepared(lambda used: _COLUMNS.where(dialect.among(used, runs.c.pk, "wanted")), ("wanted",))
_STATUS = {status.value: status for status in RunStatus}


def load(connection: Connection, pks: Sequence[int]) -> list[Outline]:
    """The runs with these row numbers, in this order."""
    found = _one.all(connection, (pks[0],)) if len(pks) == 1 else _many.all(connection, (dialect.many(pks),))
    rows: dict[int, tuple[Any, ...]] = {row[0]: row for row in found}
    tags, logged = pairs.listed(connection, run_tags, pks), pairs.listed(connection, params, pks)
    latest = metrics.latest_rows(connection, pks)
    return [_outline(rows[pk], tags[pk], logged[pk], latest[pk]) for pk in pks]


def columns_of(connection: Connection, pk: int) -> tuple[Outline, str]:
    """A run without its tags, parameters and metrics, and where its experiment keeps files."""
    *row, location = _placed.all(connection, (pk,))[0]
    return _outline(row), str(location)


def _outline(row: Sequence[Any], tags: Pairs = (), logged: Pairs = (), latest: Sequence[LatestRow] = ()) -> Outline:
    _, id_, experiment, name, status, created, creator, parent, start, end, archived = row
    return Outline(
        id_, experiment, name, _STATUS[status], created, creator, parent, start, end, archived, tags, logged, latest
    )
