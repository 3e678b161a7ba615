"""Numeric metrics: one head row per series (what is latest, least and greatest), and chunks of packed points.

An append writes one chunk and one head per metric, whatever the number of points. When a series has gathered many small
chunks at its end they are merged into blocks, so that reading stays a matter of a few rows. Chunks keep the order of
logging; duplicates are kept too and dropped by whoever reads.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, literal_column, select

from zaffre.server.store import dialect, last_values, summaries
from zaffre.server.store.packing import Columns, in_order, pack, unpack
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import metric_chunks, series

BLOCK = 4096  # points of a merged chunk
SMALL = 512  # a chunk with fewer points waits to be merged
TAIL = 64  # that many small chunks are merged
WHOLE = 1_000_000  # a metric with more points is never read whole for a chart

K = TypeVar("K")
LatestRow = tuple[str, int, int, float | None]  # name, step, timestamp, value (NaN: None)

_HEAD = (
    "ord",
    "appended",
    "is_int",
    "last_step",
    "last_timestamp",
    "last_value",
    "min_value",
    "max_value",
    "next_seq",
    "tail_chunks",
)
_CHUNK = ("run_pk", "ord", "seq", "n", "min_step", "max_step", "min_timestamp", "max_timestamp", "data")
_RUN: BindParameter[int] = bindparam("run")
_ORD: BindParameter[int] = bindparam("ord_")
_of_chunk = (metric_chunks.c.run_pk == _RUN) & (metric_chunks.c.ord == _ORD)

_head_of = Prepared(
    select(*(series.c[name] for name in _HEAD)).where(series.c.run_pk == _RUN, series.c.name == bindparam("name_")),
    ("run", "name_"),
)
_heads_of_run = Prepared(
    select(series.c.name, *(series.c[name] for name in _HEAD)).where(series.c.run_pk == _RUN), ("run",)
)
_some_heads_of_run = Prepared(
    select(series.c.name, *(series.c[name] for name in _HEAD)).where(series.c.run_pk == _RUN).limit(bindparam("most")),
    ("run", "most"),
)
_series_of_run = Prepared(select(func.count()).select_from(series).where(series.c.run_pk == _RUN), ("run",))
_put_head = Prepared(
    lambda used: dialect.upsert(used, series, ("run_pk", "name"), _HEAD[1:]), ("run_pk", "name", *_HEAD)
)
_add_chunk = Prepared(insert(metric_chunks), _CHUNK)
_sizes = Prepared(
    select(metric_chunks.c.seq, metric_chunks.c.n).where(_of_chunk).order_by(metric_chunks.c.seq.desc()),
    ("run", "ord_"),
)
_newest_sizes = Prepared(
    select(metric_chunks.c.seq, metric_chunks.c.n)
    .where(_of_chunk)
    .order_by(metric_chunks.c.seq.desc())
    .limit(literal_column(str(4 * TAIL))),
    ("run", "ord_"),
)
_chunks_from = Prepared(
    select(metric_chunks.c.data)
    .where(_of_chunk, metric_chunks.c.seq >= bindparam("seq_"))
    .order_by(metric_chunks.c.seq),
    ("run", "ord_", "seq_"),
)
_chunks_between = Prepared(
    select(metric_chunks.c.data)
    .where(_of_chunk, metric_chunks.c.seq >= bindparam("seq_"), metric_chunks.c.seq <= bindparam("last_"))
    .order_by(metric_chunks.c.seq),
    ("run", "ord_", "seq_", "last_"),
)
_chunks_of_run = Prepared(
    select(metric_chunks.c.ord, metric_chunks.c.data)
    .where(metric_chunks.c.run_pk == _RUN)
    .order_by(metric_chunks.c.ord, metric_chunks.c.seq),
    ("run",),
)
_drop_from = Prepared(
    delete(metric_chunks).where(_of_chunk, metric_chunks.c.seq >= bindparam("seq_")), ("run", "ord_", "seq_")
)
_latest = Prepared(
    lambda used: (
        select(series.c.run_pk, series.c.name, series.c.last_step, series.c.last_timestamp, series.c.last_value)
        .where(dialect.among(used, series.c.run_pk, "runs"))
        .order_by(series.c.run_pk, series.c.name)
    ),
    ("runs",),
)
_latest_of_run = Prepared(
    select(series.c.name, series.c.last_step, series.c.last_timestamp, series.c.last_value)
    .where(series.c.run_pk == _RUN)
    .order_by(series.c.name),
    ("run",),
)


@dataclass(frozen=True, slots=True)
class Logged:
    """Points to append to the metric ``name``; ``is_int``: every value was logged as an integer."""

    name: str
    points: Columns
    is_int: bool


@dataclass(frozen=True, slots=True)
class Series:
    """A metric as logged: its points by (step, timestamp), exact duplicates dropped."""

    name: str
    points: Columns
    is_int: bool
    appended: int = 0  # how many points there are in all, duplicates included


@dataclass(frozen=True, slots=True)
class Head:
    """A metric without its points: how many were appended (duplicates included), and the latest."""

    name: str
    appended: int
    is_int: bool
    last: Columns  # one point


@dataclass(frozen=True, slots=True)
class Latest:
    """The greatest point of a metric by (step, timestamp, value)."""

    name: str
    step: int
    timestamp: int
    value: float


@dataclass(slots=True)
class _Head:
    """The row of a series while points are appended to it. NaN stands where the row has NULL."""

    ord: int
    appended: int = 0
    is_int: int = 1
    last: tuple[int, int, float] | None = None
    least: float = math.nan
    greatest: float = math.nan
    next_seq: int = 0
    tail_chunks: int = 0

    @classmethod
    def of(cls, row: Sequence[Any]) -> _Head:
        ord_, appended, is_int, step, stamp, value, least, greatest, next_seq, tail = row
        return cls(
            ord_, appended, is_int, (step, stamp, _number(value)), _number(least), _number(greatest), next_seq, tail
        )

    def row(self, run_pk: int, name: str) -> tuple[Any, ...]:
        step, stamp, value = self.last or (0, 0, math.nan)
        numbers = (_null(value), _null(self.least), _null(self.greatest))
        return (
            run_pk,
            name,
            self.ord,
            self.appended,
            self.is_int,
            step,
            stamp,
            *numbers,
            self.next_seq,
            self.tail_chunks,
        )

    def add(self, logged: Logged) -> None:
        points = logged.points
        self.appended += len(points)
        self.is_int &= logged.is_int
        newest = _greatest(points)
        if self.last is None or _rank(newest) > _rank(self.last):
            self.last = newest
        low, high = _range(points.values)
        if not low >= self.least:  # also where one of them is NaN
            self.least = self.least if math.isnan(low) else low
        if not high <= self.greatest:
            self.greatest = self.greatest if math.isnan(high) else high
        self.next_seq += 1
        if len(points) < SMALL:
            self.tail_chunks += 1


def append(connection: Connection, run_pk: int, batch: Sequence[Logged]) -> None:
    """Append points to metrics of a run; each metric at most once in ``batch``, each with at least one point."""
    names = [logged.name for logged in batch]
    last_values.changing(connection, run_pk, names)
    heads = _heads(connection, run_pk, names)
    chunks = []
    for logged in batch:
        head, points = heads[logged.name], logged.points
        chunks.append(_chunk(run_pk, head.ord, head.next_seq, points))
        head.add(logged)
    _add_chunk.many(connection, chunks)
    for logged in batch:
        head = heads[logged.name]
        if summaries.is_due(head.appended - len(logged.points), head.appended):
            _summarise(connection, run_pk, head)
        if heads[logged.name].tail_chunks > TAIL:
            _compact(connection, run_pk, heads[logged.name])
    _put_head.many(connection, [heads[logged.name].row(run_pk, logged.name) for logged in batch])


def _summarise(connection: Connection, run_pk: int, head: _Head) -> None:
    start = summaries.covered(connection, run_pk, head.ord)
    points = _last_appended(connection, run_pk, head.ord, head.appended - start)
    summaries.extend(connection, run_pk, head.ord, points.part(0, summaries.AT_ONCE * summaries.SPAN))


def _heads(connection: Connection, run_pk: int, names: Sequence[str]) -> dict[str, _Head]:
    known = _all_heads(connection, run_pk, len(names))
    if known is not None:
        found = {name: _Head.of(known[name]) for name in names if name in known}
    else:
        rows = ((name, _head_of.one(connection, (run_pk, name))) for name in names)
        found = {name: _Head.of(row) for name, row in rows if row is not None}
    missing = [name for name in names if name not in found]
    if missing:
        first = len(known) if known is not None else _count(connection, run_pk)
        found.update({name: _Head(first + i) for i, name in enumerate(missing)})
    return found


def _all_heads(connection: Connection, run_pk: int, wanted: int) -> dict[str, Sequence[Any]] | None:
    """The rows of all metrics of a run; None where so many look-ups are cheaper."""
    if wanted == 1:
        return None
    if wanted > 16:
        return {row[0]: row[1:] for row in _heads_of_run.all(connection, (run_pk,))}
    most = 4 * wanted  # rows cost a quarter of a look-up each; a young run has no more
    rows = _some_heads_of_run.all(connection, (run_pk, most))
    return {row[0]: row[1:] for row in rows} if len(rows) < most else None


def _count(connection: Connection, run_pk: int) -> int:
    counted = _series_of_run.one(connection, (run_pk,))
    return int(counted[0]) if counted else 0


def _compact(connection: Connection, run_pk: int, head: _Head) -> None:
    """Merge the chunks at the end of a series, and the block before them if it has room, into blocks."""
    head.tail_chunks = 0
    first: int | None = None
    for seq, n in _newest_sizes.all(connection, (run_pk, head.ord)):
        if n >= BLOCK:
            break
        first = seq
    if first is None:
        return
    points = unpack(row[0] for row in _chunks_from.all(connection, (run_pk, head.ord, first)))
    _drop_from.run(connection, (run_pk, head.ord, first))
    blocks = (points.part(at, at + BLOCK) for at in range(0, len(points), BLOCK))
    _add_chunk.many(
        connection,
        [_chunk(run_pk, head.ord, first + i, block) for i, block in enumerate(blocks)],
    )


def _chunk(run_pk: int, ord_: int, seq: int, points: Columns) -> tuple[Any, ...]:
    steps, stamps = points.steps, points.timestamps
    limits = (min(steps), max(steps), min(stamps), max(stamps))
    return (run_pk, ord_, seq, len(points), *limits, pack(points))


def read(connection: Connection, run_pk: int, name: str | None = None) -> list[Series]:
    """The metric ``name`` of a run, or all of them by name; none logged: an empty list."""
    if name is not None:
        row = _head_of.one(connection, (run_pk, name))
        if row is None:
            return []
        points = unpack(chunk[0] for chunk in _chunks_from.all(connection, (run_pk, row[0], 0)))
        return [Series(name, in_order(points), bool(row[2]))]
    heads = sorted(_heads_of_run.all(connection, (run_pk,)))
    data: dict[int, list[bytes]] = {}
    for ord_, chunk in _chunks_of_run.all(connection, (run_pk,)):
        data.setdefault(ord_, []).append(chunk)
    return [Series(row[0], in_order(unpack(data.get(row[1], ()))), bool(row[3])) for row in heads]


def outline(connection: Connection, run_pk: int, name: str, wanted: int) -> tuple[Columns, bool]:
    """Enough points of a metric for a chart of ``wanted``, by (step, timestamp), and whether these are all of it.

    All of a short metric; of a long one the least and the greatest of every stretch, of which there are half as many
    as points are wanted or more, but for charts as wide as no screen is.
    """
    row = _head_of.one(connection, (run_pk, name))
    if row is None:
        return unpack(()), True
    ord_, appended = row[0], row[1]
    if appended // summaries.CELL * 2 < wanted and appended <= WHOLE:
        return in_order(unpack(chunk[0] for chunk in _chunks_from.all(connection, (run_pk, ord_, 0)))), True
    level = 2 if appended // summaries.SPAN * 2 >= wanted else 1
    start = summaries.covered(connection, run_pk, ord_)
    told = summaries.read(connection, run_pk, ord_, level)
    return in_order(told.then(_last_appended(connection, run_pk, ord_, appended - start))), not start


def place(connection: Connection, run_pk: int, name: str) -> tuple[int, int] | None:
    """The number that a metric has within its run, and how many points were appended; None if it was not logged."""
    row = _head_of.one(connection, (run_pk, name))
    return None if row is None else (row[0], row[1])


def heads(connection: Connection, run_pk: int) -> list[Head]:
    """Every metric of a run by name, at the price of one row each."""
    found = []
    for name, _, appended, is_int, step, stamp, value, *_ in sorted(_heads_of_run.all(connection, (run_pk,))):
        last = Columns(array("q", [step]), array("q", [stamp]), array("d", [_number(value)]))
        found.append(Head(name, appended, bool(is_int), last))
    return found


def since(
    connection: Connection, run_pk: int, seen: Mapping[str, int], most: int = WHOLE
) -> dict[str, tuple[int, Columns]]:
    """What was appended after the first ``seen[name]`` points of each metric (absent: all), in the order of logging.

    Each metric that grew maps to its number of points up to the last of the new ones, and the new ones: of all metrics
    together at most ``most``, so there may be more to ask for.
    """
    grown: dict[str, tuple[int, Columns]] = {}
    for name, ord_, appended, *_ in _heads_of_run.all(connection, (run_pk,)):
        wanted = appended - seen.get(name, 0)
        if wanted > 0 and most > 0:
            points = _last_appended(connection, run_pk, ord_, wanted, most)
            grown[name] = appended - wanted + len(points), points
            most -= len(points)
    return grown


def _last_appended(connection: Connection, run_pk: int, ord_: int, wanted: int, most: int | None = None) -> Columns:
    """The last ``wanted`` points as they were logged, or the first ``most`` of these."""
    if wanted <= 0:
        return unpack(())
    places: list[tuple[int, int]] = []
    gathered = 0
    for sizes in (_newest_sizes, _sizes):  # the newest will do, as a rule
        places, gathered = [], 0
        for seq, n in sizes.all(connection, (run_pk, ord_)):
            places.append((seq, n))
            gathered += n
            if gathered >= wanted:
                break
        if gathered >= wanted:
            break
    skipped = gathered - wanted
    stop = skipped + min(wanted, wanted if most is None else most)
    last, read = places[-1][0], 0
    for seq, n in reversed(places):
        last, read = seq, read + n
        if read >= stop:
            break
    points = unpack(row[0] for row in _chunks_between.all(connection, (run_pk, ord_, places[-1][0], last)))
    return points.part(skipped, stop)


def latest(connection: Connection, run_pks: Sequence[int]) -> dict[int, list[Latest]]:
    """The latest point of every metric of each run, by name."""
    return {
        pk: [Latest(name, step, stamp, _number(value)) for name, step, stamp, value in rows]
        for pk, rows in latest_rows(connection, run_pks).items()
    }


def latest_rows(connection: Connection, run_pks: Sequence[int]) -> dict[int, list[LatestRow]]:
    """``latest`` as plain rows."""
    if len(run_pks) == 1:
        return {run_pks[0]: _latest_of_run.all(connection, (run_pks[0],))}
    found: dict[int, list[LatestRow]] = {pk: [] for pk in run_pks}
    for pk, name, step, stamp, value in _latest.all(connection, (dialect.many(run_pks),)):
        found[pk].append((name, step, stamp, value))
    return found


def parts(keys: Sequence[K], size: int = 1000) -> Iterable[Sequence[K]]:
    """``keys`` in stretches that a database takes in one IN list."""
    return (keys[at : at + size] for at in range(0, len(keys), size))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value + 0.0  # no -0.0, which one database keeps and another does not


def _rank(point: tuple[int, int, float]) -> tuple[int, int, bool, float]:
    # NaN compares with nothing; here it stands below every number.
    step, stamp, value = point
    nan = math.isnan(value)
    return step, stamp, not nan, 0.0 if nan else value


def _greatest(points: Columns) -> tuple[int, int, float]:
    top = max(points.steps)
    if points.steps.count(top) == 1:
        i = points.steps.index(top)
        return top, points.timestamps[i], points.values[i]
    rows = zip(points.steps, points.timestamps, points.values, strict=True)
    return max((row for row in rows if row[0] == top), key=_rank)


def _range(values: array[float]) -> tuple[float, float]:
    """The least and the greatest value, NaN if there is nothing but NaN."""
    if math.isnan(sum(values)):  # NaN among them, or infinities of both signs
        numbers = [value for value in values if not math.isnan(value)]
        return (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    return min(values), max(values)
