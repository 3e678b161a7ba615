"""Long metrics in outline: the lowest and the highest point of every stretch, so that a chart need not read them all.

Stretches are counted in points as they were appended, whatever chunks they lie in. A row of level 1 tells of ``SPAN``
points, by stretches of ``CELL``; a row of level 2 tells of ``UP`` rows of level 1, each one stretch. Each row keeps its
first and its last point too. A row is written once its points are all there, by the append that completes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from zaffre.server.store.packing import Columns, extremes, pack, unpack
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import metric_summaries as table

CELL = 256
SPAN = 64 * CELL
UP = 64
AT_ONCE = 64  # rows that one append writes at most; a metric from before there were outlines catches up bit by bit

_RUN: BindParameter[int] = bindparam("run")
_ORD: BindParameter[int] = bindparam("ord_")
_LEVEL: BindParameter[int] = bindparam("level_")
_of_level = (table.c.run_pk == _RUN) & (table.c.ord == _ORD) & (table.c.level == _LEVEL)

_newest = Prepared(select(func.max(table.c.seq)).where(_of_level), ("run", "ord_", "level_"))
_from = Prepared(
    select(table.c.data).where(_of_level, table.c.seq >= bindparam("seq_")).order_by(table.c.seq),
    ("run", "ord_", "level_", "seq_"),
)
_add = Prepared(insert(table), ("run_pk", "ord", "level", "seq", "data"))


def is_due(before: int, appended: int) -> bool:
    """Whether an append to a metric of ``before`` points, which now has ``appended``, completes a row."""
    return appended // SPAN > before // SPAN


def covered(connection: Connection, run_pk: int, ord_: int) -> int:
    """How many points, from the first on, the rows of a metric tell of."""
    return _rows(connection, run_pk, ord_, 1) * SPAN


def extend(connection: Connection, run_pk: int, ord_: int, points: Columns) -> None:
    """Write the rows that ``points`` complete: those appended behind what is covered, from the first on."""
    first = _rows(connection, run_pk, ord_, 1)
    spans = [points.part(at, at + SPAN) for at in range(0, len(points) - SPAN + 1, SPAN)]
    _write(connection, run_pk, ord_, 1, first, [_outline(span, range(0, SPAN + 1, CELL)) for span in spans])
    done = _rows(connection, run_pk, ord_, 2)
    if (first + len(spans)) // UP > done:
        below = [unpack(row) for row in _from.all(connection, (run_pk, ord_, 1, done * UP))]
        groups = [below[at : at + UP] for at in range(0, len(below) - UP + 1, UP)]
        _write(connection, run_pk, ord_, 2, done, [_joined(group) for group in groups])


def read(connection: Connection, run_pk: int, ord_: int, level: int) -> Columns:
    """The points of all rows of ``level``, and behind them those of the finer rows that it does not tell of yet."""
    done = _rows(connection, run_pk, ord_, 2) if level == 2 else 0
    coarse = _from.all(connection, (run_pk, ord_, 2, 0)) if done else []
    fine = _from.all(connection, (run_pk, ord_, 1, done * UP))
    return unpack(row[0] for row in (*coarse, *fine))


def _rows(connection: Connection, run_pk: int, ord_: int, level: int) -> int:
    newest = _newest.one(connection, (run_pk, ord_, level))
    return 0 if newest is None or newest[0] is None else int(newest[0]) + 1


def _write(connection: Connection, run_pk: int, ord_: int, level: int, first: int, rows: Sequence[Columns]) -> None:
    _add.many(connection, [(run_pk, ord_, level, first + i, pack(row)) for i, row in enumerate(rows)])


def _outline(points: Columns, edges: Sequence[int]) -> Columns:
    rows = {0, len(points) - 1}
    for start, stop in pairwise(edges):
        rows.update(extremes(points.values, start, stop))
    return points.pick(sorted(rows))


def _joined(group: Sequence[Columns]) -> Columns:
    points = Columns.joined(group)
    edges = [0]
    for part in group:
        edges.append(edges[-1] + len(part))
    return _outline(points, edges)
