"""The latest values of metrics that searches compared lately, kept in memory.

A search that is ordered by a metric finds by them, among many runs, those few that can be on its first page; the
database is asked about these only. Each value is looked up once, and again after it changed: who appends points says so
before the commit, and from then until the commit nothing is kept for that run.
"""

from __future__ import annotations

import math
import operator
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, event, select
from sqlalchemy.engine import Engine

from zaffre.core.filters import Condition, Entity, Filter, Op, OrderKey
from zaffre.server.store import dialect
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.rankings import Key, Ranking, Rankings
from zaffre.server.store.schema import series

MOST = 200_000  # values in all, 100 bytes each
_CHANGES = 20_000  # runs whose last change is remembered
_PLACE: Final = "last_values"  # in what SQLAlchemy keeps beside a connection
_NEVER: Final = -1  # the epoch of the writer, whose own changes may yet be undone: what it saw is not kept
_UNKNOWN: Final = object()

Value = float | None  # None where the run has no such metric

_COMPARE: dict[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
}

_read = Prepared(
    lambda used: select(series.c.run_pk, series.c.last_value).where(
        dialect.among(used, series.c.run_pk, "runs"), series.c.name == bindparam("name_")
    ),
    ("runs", "name_"),
)


class LastValues:
    """Values by metric and run, those of metrics that nobody asks for any more forgotten first.

    ``epoch`` counts the writer's transactions. What a reader saw may be kept if it began after the last change of that
    run: a reader that began before may have seen what was there before.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self._lock = threading.Lock()
        self._by_metric: OrderedDict[str, dict[int, Value]] = OrderedDict()
        self._changing: set[int] = set()  # by the transaction that is under way
        self._changed: dict[int, int] = {}  # the epoch in which a run changed last
        self._forgotten = 0  # changes up to this epoch are not remembered singly
        self._rankings = Rankings()

    def attend(self, writer: Engine) -> None:
        """Be told by ``changing`` of what is written through the engine."""
        event.listen(writer, "connect", lambda _, record: record.info.update({_PLACE: (self, _NEVER)}))

    def begin(self, reader: Connection) -> None:
        """Be known to searches through the connection; call before it sees the database."""
        reader.info[_PLACE] = self, self.epoch

    def changing(self, run_pk: int, names: Sequence[str]) -> None:
        """The transaction that is under way writes these metrics of the run."""
        with self._lock:
            self._changing.add(run_pk)
            for name in names:
                if name in self._by_metric:
                    self._by_metric[name].pop(run_pk, None)
            self._rankings.changing(run_pk, names)

    def settled(self) -> None:
        """The transaction was committed, or undone."""
        if not self._changing:
            return
        with self._lock:
            self.epoch += 1
            if len(self._changed) > _CHANGES:
                self._changed.clear()
                self._forgotten = self.epoch
            self._changed.update(dict.fromkeys(self._changing, self.epoch))
            self._changing.clear()

    def of(self, name: str) -> Mapping[int, Value]:
        """What is known of a metric, by run. It may change while it is read."""
        with self._lock:
            if name in self._by_metric:
                self._by_metric.move_to_end(name)
            return self._by_metric.get(name, {})

    def keep(self, name: str, values: Mapping[int, Value], epoch: int) -> None:
        """Keep what a reader saw that began in ``epoch``."""
        with self._lock:
            if epoch < self._forgotten:
                return
            kept = self._by_metric.setdefault(name, {})
            for run_pk, value in values.items():
                if run_pk not in self._changing and self._changed.get(run_pk, 0) <= epoch:
                    kept[run_pk] = value
            while self._by_metric and sum(map(len, self._by_metric.values())) > MOST:
                self._by_metric.popitem(last=False)

    def ranking(self, key: Key) -> tuple[Ranking, frozenset[int]] | None:
        """The ranking that is kept, if one is, and the runs that it may be wrong about."""
        with self._lock:
            found = self._rankings.get(key)
            return None if found is None else (found, frozenset(found.changed))

    def keep_ranking(self, key: Key, found: Ranking) -> None:
        """Keep what a reader saw that began in the ranking's epoch."""
        with self._lock:
            if found.epoch >= self._forgotten:
                found.changed.update(self._changing)
                found.changed.update(run for run, epoch in self._changed.items() if epoch > found.epoch)
                self._rankings.keep(key, found)


def known(connection: Connection) -> tuple[LastValues, int] | None:
    """What is kept, and the epoch in which the reader began that has this connection; None for the writer."""
    found: tuple[LastValues, int] | None = connection.info.get(_PLACE)
    return None if found is None or found[1] == _NEVER else found


def changing(connection: Connection, run_pk: int, names: Sequence[str]) -> None:
    """``LastValues.changing`` of the store whose writer has this connection."""
    found = connection.info.get(_PLACE)
    if found is not None:
        found[0].changing(run_pk, names)


def leading(connection: Connection, runs: Sequence[int], asked: Filter, order: OrderKey, rows: int) -> list[int] | None:
    """The runs that can be among the first ``rows`` by a metric.

    All the others have a value behind that of ``rows`` runs which meet every condition on a metric. Whether these meet
    the rest is not looked at: where fewer than ``rows`` do, the search must be made among all. None where nothing can
    be said, or little is gained.
    """
    found: tuple[LastValues, int] | None = connection.info.get(_PLACE)
    if found is None or len(runs) < 2 * rows or len(runs) > MOST // 4:
        return None
    left = meeting(connection, runs, asked)
    values = _values(connection, *found, order.key, left)
    # NaN comes behind all numbers, whichever the direction, and runs without the metric behind it.
    numbers = sorted((value for value in values if value is not None and value == value), reverse=order.descending)
    if len(numbers) < rows:
        return None
    last, before = numbers[rows - 1], operator.ge if order.descending else operator.le
    return [run for run, value in zip(left, values, strict=True) if value is not None and before(value, last)]


def meeting(connection: Connection, runs: Sequence[int], asked: Filter) -> Sequence[int]:
    """Those of the runs, in their order, that meet every condition on a metric."""
    left = runs
    kept, epoch = connection.info[_PLACE]
    for condition in asked:
        if condition.entity is Entity.METRIC and condition.op in _COMPARE:
            left = _meeting(condition, left, _values(connection, kept, epoch, condition.key, left))
    return left


def _meeting(condition: Condition, runs: Sequence[int], values: Sequence[Value]) -> list[int]:
    compare, than = _COMPARE[condition.op], condition.value
    return [run for run, value in zip(runs, values, strict=True) if value is not None and compare(value, than)]


def _values(connection: Connection, kept: LastValues, epoch: int, name: str, runs: Sequence[int]) -> Sequence[Value]:
    """The latest value of a metric of each run."""
    known = kept.of(name)
    try:
        return list(map(known.__getitem__, runs))  # all of them, as a rule
    except KeyError:
        values: list[Any] = [known.get(run, _UNKNOWN) for run in runs]
    unknown = [run for run, value in zip(runs, values, strict=True) if value is _UNKNOWN]
    seen: dict[int, Value] = dict.fromkeys(unknown)
    seen.update(
        (run, math.nan if value is None else value)
        for run, value in _read.all(connection, (dialect.many(unknown), name))
    )
    kept.keep(name, seen, epoch)
    return [seen[run] if value is _UNKNOWN else value for run, value in zip(runs, values, strict=True)]
