"""Where a search of whole experiments begins that is ordered by a metric, or asks for few of its values.

The first such search reads the metric of all runs; those that follow look at the runs that can be on their page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from zaffre.core.filters import Condition, Entity, Filter, Op, OrderKey
from zaffre.server.store import dialect, last_values, rankings
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.rankings import Ranking
from zaffre.server.store.schema import runs, series

LONGEST = 8192  # runs that are looked at to find those of a page; a search among all costs no more than a longer walk
_WRONG = 256  # runs that a ranking is wrong about, beside one in a hundred, before it is made anew

_SPANS = (Op.GT, Op.GE, Op.LT, Op.LE, Op.EQ)

_values = (
    select(series.c.run_pk, series.c.last_value)
    .join_from(runs, series, series.c.run_pk == runs.c.pk)
    .where(
        runs.c.experiment_id == bindparam("experiment"),
        series.c.name == bindparam("name_"),
        series.c.last_value.is_not(None),
    )
)
_of_all = Prepared(_values.limit(bindparam("most")), ("experiment", "name_", "most"))
_of_some = Prepared(
    lambda used: (
        select(series.c.run_pk, series.c.last_value)
        .join_from(series, runs, series.c.run_pk == runs.c.pk)
        .where(
            dialect.among(used, series.c.run_pk, "some"),
            series.c.name == bindparam("name_"),
            series.c.last_value.is_not(None),
            runs.c.experiment_id.op("+")(0) == bindparam("experiment"),
        )
    ),
    ("some", "name_", "experiment"),
)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A ranking, and the runs that it is wrong about with their values, where these are numbers."""

    ranking: Ranking
    wrong: Collection[int]
    fresh: Mapping[int, float]


def _ranked(connection: Connection, experiment: int, name: str) -> _Ranked | None:
    """None where nothing can be kept."""
    found = last_values.known(connection)
    if found is None:
        return None
    (kept, epoch), key = found, (name, experiment)
    there = kept.ranking(key)
    if there is None:
        rows = _of_all.all(connection, (experiment, name, rankings.MOST))
        made = Ranking.of(((run, value) for run, value in rows), epoch)
        kept.keep_ranking(key, made)
        return _Ranked(made, (), {}) if made.is_whole else None
    ranking, wrong = there
    if not ranking.is_whole or epoch < ranking.epoch:
        return None
    if not wrong:
        return _Ranked(ranking, (), {})
    fresh: dict[int, float] = dict(_of_some.all(connection, (dialect.many(list(wrong)), name, experiment)))
    if len(wrong) <= _WRONG + len(ranking.runs) // 100:
        return _Ranked(ranking, wrong, fresh)
    renewed = ranking.renewed(wrong, fresh, epoch)
    kept.keep_ranking(key, renewed)
    return _Ranked(renewed, (), {}) if renewed.is_whole else None


# --- few values of a metric ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spans:
    """All runs that can meet a condition on a metric."""

    parts: Sequence[tuple[_Ranked, int, int]]

    @property
    def size(self) -> int:
        return sum(high - low + len(ranked.fresh) for ranked, low, high in self.parts)

    @property
    def of(self) -> int:
        """How many runs have the metric."""
        return sum(len(ranked.ranking.runs) for ranked, _, _ in self.parts)

    def listed(self) -> list[int]:
        found: list[int] = []
        for ranked, low, high in self.parts:
            some, wrong = ranked.ranking.runs[low:high], ranked.wrong
            found += [run for run in some if run not in wrong] if wrong else some
            found += ranked.fresh
        return found


def within(connection: Connection, experiments: Sequence[int], asked: Filter) -> Spans | None:
    """The runs that can meet that condition on a metric which the fewest meet; None where there is no such condition,
    or where nothing can be said.
    """
    least: Spans | None = None
    for name in dict.fromkeys(found.key for found in asked if _is_span(found)):
        conditions = [found for found in asked if _is_span(found) and found.key == name]
        parts = []
        for experiment in experiments:
            ranked = _ranked(connection, experiment, name)
            if ranked is None:
                return None
            parts.append((ranked, *ranked.ranking.span(conditions)))
        if least is None or Spans(parts).size < least.size:
            least = Spans(parts)
    return least


def is_known(connection: Connection, experiments: Sequence[int], asked: Filter) -> bool:
    """Whether ``within`` need not read the metrics of all runs."""
    found = last_values.known(connection)
    names = {found.key for found in asked if _is_span(found)}
    return found is None or all(found[0].ranking((name, place)) for name in names for place in experiments)


def _is_span(condition: Condition) -> bool:
    return condition.entity is Entity.METRIC and condition.op in _SPANS


# --- the first by a metric -------------------------------------------------------------------------------------------


def first(
    connection: Connection, experiments: Sequence[int], asked: Filter, order: OrderKey, rows: int, start: float | None
) -> list[int] | None:
    """The runs that can be among the first ``rows`` by a metric, from the value ``start`` on.

    As ``last_values.leading``: each of the others has a value behind those of ``rows`` runs which meet every condition
    on a metric, or it does not meet them itself. None where nothing can be said.
    """
    found: list[int] = []
    sure = 0
    for experiment in experiments:
        ranked = _ranked(connection, experiment, order.key)
        if ranked is None:
            return None
        leading = _leading(connection, ranked, asked, order, rows, start)
        if leading is None:
            return None
        last, few = leading
        sure += len(few)
        found += few
        found += [run for run, value in ranked.fresh.items() if last is None or not _behind(order, value, last)]
    return found if sure >= rows else None


def _leading(
    connection: Connection, ranked: _Ranked, asked: Filter, order: OrderKey, rows: int, start: float | None
) -> tuple[float | None, list[int]] | None:
    """Those of one ranking, and the value behind which the others are; None: there are no others."""
    own = [found for found in asked if _is_span(found) and found.key == order.key]
    if start is not None:
        own.append(Condition(Entity.METRIC, order.key, Op.LE if order.descending else Op.GE, start))
    others = tuple(found for found in asked if found not in own)
    low, high = ranked.ranking.span(own)
    found: list[int] = []
    values: list[float] = []
    looked = 0
    for part in _parts(ranked.ranking, low, high, rows, descending=order.descending):
        if len(values) >= rows and _behind(order, part[0][0], values[rows - 1]):
            break
        looked += len(part)
        if looked > LONGEST + 2 * rows:
            return None
        value_of = {run: value for value, run in part if run not in ranked.wrong}
        left = last_values.meeting(connection, list(value_of), others)
        found += left
        values += [value_of[run] for run in left]
    if len(values) < rows:
        return None, found
    last = values[rows - 1]
    return last, [run for run, value in zip(found, values, strict=True) if not _behind(order, value, last)]


def _parts(ranking: Ranking, low: int, high: int, rows: int, *, descending: bool) -> Iterator[list[tuple[float, int]]]:
    """Stretches of a ranking between two places, in the order asked for, each longer than the one before."""
    at, size = 0, rows
    while at < high - low:
        stop = min(at + size, high - low)
        cut = slice(high - stop, high - at) if descending else slice(low + at, low + stop)
        part = list(zip(ranking.values[cut], ranking.runs[cut], strict=True))
        yield part[::-1] if descending else part
        at, size = stop, size * 2


def _behind(order: OrderKey, value: float, last: float) -> bool:
    return value < last if order.descending else value > last
