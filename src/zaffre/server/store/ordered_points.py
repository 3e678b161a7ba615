"""The points of a metric in order, a page at a time, whatever the length of the metric.

Chunks lie in the order of logging and know the least and the greatest of their steps and timestamps. A page reads the
chunks that may hold its points, in the order of their least, and stops where all others begin behind it. Of what it has
read it keeps no more than the page, so a page of a metric that was logged in order costs what it returns, and one of a
metric that was logged in any other order costs a pass over its chunks and no more memory.

A point that was logged again exactly (step, timestamp, value) is shown once.
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise
from operator import le, lt
from typing import Final, Generic, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, select

from zaffre.server.store.packing import Columns, unpack
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import metric_chunks as table

LEAST: Final = -(2**63)
GREATEST: Final = 2**63 - 1
PIECE: Final = 65_536  # points that a walk over a whole metric holds at once

TimeKey = tuple[int, int, bool, float, int]  # timestamp, step, whether the value is a number, the number, its bits
StepKey = tuple[int, int]  # step, timestamp
K = TypeVar("K", TimeKey, StepKey)

_APART: Final = 2**20  # more than a chunk has points
_BITS, _DOUBLE = struct.Struct("=q"), struct.Struct("=d")
_RUN: BindParameter[int] = bindparam("run")
_ORD: BindParameter[int] = bindparam("ord_")


def _spans(low: ColumnElement[int], high: ColumnElement[int]) -> Prepared:
    return Prepared(
        select(low, high, table.c.seq, table.c.n)
        .where(
            table.c.run_pk == _RUN,
            table.c.ord == _ORD,
            high >= bindparam("from_"),
            low <= bindparam("until_"),
        )
        .order_by(low, table.c.seq),
        ("run", "ord_", "from_", "until_"),
    )


_spans_by_time = _spans(table.c.min_timestamp, table.c.max_timestamp)
_spans_by_step = _spans(table.c.min_step, table.c.max_step)
_chunk = Prepared(
    select(table.c.data).where(table.c.run_pk == _RUN, table.c.ord == _ORD, table.c.seq == bindparam("seq_")),
    ("run", "ord_", "seq_"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk without its points: the least and the greatest step (or timestamp), its place, how many points."""

    low: int
    high: int
    seq: int
    n: int


@dataclass(frozen=True, slots=True)
class _Held:
    """Points with their places in the order of logging."""

    points: Columns = field(default_factory=lambda: unpack(()))
    places: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def joined(cls, parts: Sequence[_Held]) -> _Held:
        if len(parts) == 1:
            return parts[0]
        places = array("q")
        for part in parts:
            places.extend(part.places)
        return cls(Columns.joined(part.points for part in parts), places)

    def part(self, stop: int) -> _Held:
        return self if stop >= len(self) else _Held(self.points.part(0, stop), self.places[:stop])

    def pick(self, rows: Sequence[int]) -> _Held:
        return _Held(self.points.pick(rows), array("q", [self.places[i] for i in rows]))


class OrderedPoints(ABC, Generic[K]):
    """A metric's points from ``low`` to ``high`` (both included), as one read transaction sees them."""

    _statement: Prepared

    def __init__(self, connection: Connection, run_pk: int, ord_: int, low: int, high: int) -> None:
        self._connection = connection
        self._place = (run_pk, ord_)
        self._low, self._high = low, high
        rows = self._statement.all(connection, (run_pk, ord_, low, high))
        self.spans = [Span(*row) for row in rows]

    def page(self, after: K | None, limit: int) -> tuple[Columns, K | None]:
        """The first ``limit`` points behind ``after``, and the key of the last of them if there are more."""
        parts: list[_Held] = []
        count, bound, is_cut = 0, None, False
        for span in self.spans:
            if after is not None and span.high < after[0]:
                continue
            if bound is not None and span.low > bound:
                is_cut = True
                break
            part = self._behind(self._read(span), span, after)
            if bound is not None and span.high > bound:
                near = part.pick([i for i, place in enumerate(self._first(part.points)) if place <= bound])
                is_cut |= len(near) < len(part)
                part = near
            parts.append(part)
            count += len(part)
            if count > (limit if bound is None else 2 * limit + PIECE):
                kept = self._sorted(_Held.joined(parts))
                end = self._end(kept.points, limit)
                is_cut |= end < len(kept)
                kept = kept.part(end)
                parts, count = [kept], len(kept)
                if len(kept) >= limit:
                    bound = self._key(kept.points, len(kept) - 1)[0]
        kept = self._sorted(_Held.joined(parts))
        end = self._end(kept.points, limit)
        if end < len(kept) or (is_cut and len(kept)):
            return kept.part(end).points, self._key(kept.points, min(end, len(kept)) - 1)
        return kept.points, None

    def walk(self) -> Iterator[Columns]:
        """All points in order, piece by piece."""
        after: K | None = None
        while True:
            points, after = self.page(after, PIECE)
            yield points
            if after is None:
                return

    def apart(self) -> list[tuple[int, Callable[[], Columns]]] | None:
        """The chunks in order, how many points each has and what reads them; None where chunks overlap."""
        if any(behind.low <= before.high for before, behind in pairwise(self.spans)):
            return None
        return [(self._count(span), partial(self._points, span)) for span in self.spans]

    def _points(self, span: Span) -> Columns:
        return self._read(span).points

    def _count(self, span: Span) -> int:
        return span.n if self._low <= span.low and span.high <= self._high else len(self._read(span))

    def _read(self, span: Span) -> _Held:
        """The points of a chunk that are between the limits."""
        row = _chunk.one(self._connection, (*self._place, span.seq))
        points = unpack(() if row is None else (row[0],))
        held = _Held(points, array("q", range(span.seq * _APART, span.seq * _APART + len(points))))
        if self._low <= span.low and span.high <= self._high:
            return held
        return held.pick([i for i, place in enumerate(self._first(points)) if self._low <= place <= self._high])

    def _behind(self, held: _Held, span: Span, after: K | None) -> _Held:
        if after is None or span.low > after[0]:
            return held
        return held.pick([i for i in range(len(held)) if self._key(held.points, i) > after])

    def _sorted(self, held: _Held) -> _Held:
        """In order, exact duplicates dropped."""
        rows = self._rows(held)
        return held if rows is None else held.pick(rows)

    @abstractmethod
    def _first(self, points: Columns) -> array[int]:
        """The column that comes first in the order."""

    @abstractmethod
    def _key(self, points: Columns, i: int) -> K:
        """The place of point ``i`` in the order."""

    @abstractmethod
    def _rows(self, held: _Held) -> list[int] | None:
        """The points in order, exact duplicates dropped; None: as they stand."""

    def _end(self, points: Columns, limit: int) -> int:  # noqa: ARG002
        return limit


class ByTime(OrderedPoints[TimeKey]):
    """MLflow's order: by timestamp, step and value; NaN stands below every number. Keys tell all points apart."""

    _statement = _spans_by_time

    def _first(self, points: Columns) -> array[int]:
        return points.timestamps

    def _key(self, points: Columns, i: int) -> TimeKey:
        return time_key(points.timestamps[i], points.steps[i], _bits(points)[i])

    def _rows(self, held: _Held) -> list[int] | None:
        stamps, steps = held.points.timestamps, held.points.steps
        if _rises(steps) and all(map(le, stamps, islice(stamps, 1, None))):
            return None  # the usual case, and the values need not be looked at
        keys = list(map(time_key, stamps, steps, _bits(held.points)))
        rows = sorted(range(len(keys)), key=keys.__getitem__)
        again = {row for before, row in pairwise(rows) if keys[before] == keys[row]}
        return [row for row in rows if row not in again] if again else rows


class ByStep(OrderedPoints[StepKey]):
    """By step and timestamp, ties as logged. A page ends behind a tie, and is so much longer than was asked for."""

    _statement = _spans_by_step

    def _first(self, points: Columns) -> array[int]:
        return points.steps

    def _key(self, points: Columns, i: int) -> StepKey:
        return points.steps[i], points.timestamps[i]

    def _rows(self, held: _Held) -> list[int] | None:
        steps, stamps = held.points.steps, held.points.timestamps
        if _rises(steps):
            return None
        when = list(zip(steps, stamps, held.places, strict=True))
        bits = _bits(held.points)
        firsts: dict[tuple[int, int, int], int] = {}
        for row in sorted(range(len(when)), key=when.__getitem__):
            firsts.setdefault((steps[row], stamps[row], bits[row]), row)
        return list(firsts.values())

    def _end(self, points: Columns, limit: int) -> int:
        end = min(limit, len(points))
        while 0 < end < len(points) and self._key(points, end) == self._key(points, end - 1):
            end += 1
        return end


def time_key(timestamp: int, step: int, bits: int) -> TimeKey:
    """The place of a point in MLflow's order; ``bits`` are those of its value, as a signed integer."""
    [value] = _DOUBLE.unpack(_BITS.pack(bits))
    # NaN compares with nothing; here it stands below every number.
    nan = math.isnan(value)
    return timestamp, step, not nan, 0.0 if nan else value, bits


def _bits(points: Columns) -> memoryview[int]:
    return memoryview(points.values).cast("B").cast("q")


def _rises(column: array[int]) -> bool:
    return all(map(lt, column, islice(column, 1, None)))
