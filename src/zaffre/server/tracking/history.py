"""Reading a metric in order: pages of MLflow's history, what lies between two steps, and an even choice of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection

from zaffre.core.errors import InvalidValue
from zaffre.server.store import metrics, paging
from zaffre.server.store.metrics import Series
from zaffre.server.store.ordered_points import GREATEST, LEAST, ByStep, ByTime, StepKey, TimeKey, time_key
from zaffre.server.store.packing import Columns, in_order, unpack
from zaffre.server.tracking import charts

Place = tuple[str, StepKey | None]  # a metric, and its last point that was read
START: Final[Place] = ("", None)


def parse(token: str) -> TimeKey:
    """The last point of the page before. Raises ``InvalidValue`` for a token that no page gave."""
    timestamp, step, bits = paging.decode(token, 3)
    if not all(isinstance(part, int) and LEAST <= part <= GREATEST for part in (timestamp, step, bits)):
        raise InvalidValue(f"Invalid page token {token!r}: use the one that the page before answered.")
    return time_key(timestamp, step, bits)


def token(last: TimeKey) -> str:
    timestamp, step, _, _, bits = last
    return paging.encode([timestamp, step, bits])


def page(
    connection: Connection, run_pk: int, name: str, after: TimeKey | None, limit: int | None
) -> tuple[Columns, TimeKey | None]:
    """At most ``limit`` points by (timestamp, step, value), and the last of them if there are more.

    A point that was logged again exactly is there once, wherever in the metric it is.
    """
    place = metrics.place(connection, run_pk, name)
    if place is None:
        return unpack(()), None
    low = LEAST if after is None else after[0]
    return ByTime(connection, run_pk, place[0], low, GREATEST).page(after, place[1] if limit is None else limit)


def parse_place(token: str) -> Place:
    """Where a reading of a run's metrics goes on. Raises ``InvalidValue`` for a token that none gave."""
    name, *key = paging.decode(token, 3)
    step, timestamp = key
    if isinstance(name, str) and step is None and timestamp is None:
        return name, None
    if isinstance(name, str) and all(isinstance(part, int) and LEAST <= part <= GREATEST for part in key):
        return name, (step, timestamp)
    raise InvalidValue(f"Invalid page token {token!r}: use the one that the answer before had as next.")


def place_token(place: Place) -> str:
    name, key = place
    return paging.encode([name, *(key or (None, None))])


def piece(
    connection: Connection, run_pk: int, name: str | None, place: Place, room: int
) -> tuple[list[Series], Place | None]:
    """Metrics of a run by name (or that of one name), each by step, from ``place`` on until ``room`` is full.

    With them comes where the next piece begins, None where there is nothing more.
    """
    first, after = place
    found: list[Series] = []
    for head in metrics.heads(connection, run_pk):
        if head.name < first or name not in (None, head.name):
            continue
        if room <= 0:
            return found, (head.name, None)
        ordered = _by_step(connection, run_pk, head.name, None, None)
        assert ordered is not None, "a metric with a head has a place"
        points, last = ordered.page(after if head.name == first else None, room)
        found.append(Series(head.name, points, head.is_int, head.appended))
        if last is not None:
            return found, (head.name, last)
        room -= len(points)
    return found, None


def between(
    connection: Connection, run_pk: int, name: str, start: int | None, end: int | None, most: int
) -> Columns | None:
    """All points between two steps, by step; None where they may be more than ``most``."""
    ordered = _by_step(connection, run_pk, name, start, end)
    if ordered is None:
        return unpack(())
    if sum(span.n for span in ordered.spans) > most:
        return None
    return Columns.joined(ordered.walk())


def evenly(connection: Connection, run_pk: int, name: str, start: int | None, end: int | None, wanted: int) -> Columns:
    """At most ``wanted`` points between two steps at even distances by rank, as ``charts.evenly`` chooses them.

    Of many points in chunks that overlap a first walk counts them and a second one takes those that are wanted. Where
    they do not, they count as they were logged, duplicates included, and only chunks with wanted ranks are read.
    """
    found = between(connection, run_pk, name, start, end, metrics.WHOLE)
    if found is not None:
        return charts.evenly(found, wanted)
    ordered = _by_step(connection, run_pk, name, start, end)
    if ordered is None:
        return unpack(())
    parts = ordered.apart()
    if parts is not None:
        return in_order(_of_ranks(parts, charts.even_ranks(sum(n for n, _ in parts), wanted)))
    ranks = charts.even_ranks(sum(map(len, ordered.walk())), wanted)
    taken, before = [], 0
    for points in ordered.walk():
        taken.append(points.pick(rank - before for rank in ranks if before <= rank < before + len(points)))
        before += len(points)
    return Columns.joined(taken)


def _of_ranks(parts: Sequence[tuple[int, Callable[[], Columns]]], ranks: Sequence[int]) -> Columns:
    taken, before, at = [], 0, 0
    for n, read in parts:
        inside = []
        while at < len(ranks) and ranks[at] < before + n:
            inside.append(ranks[at] - before)
            at += 1
        if inside:
            points = in_order(read())
            taken.append(points.pick(min(rank, len(points) - 1) for rank in inside))
        before += n
    return Columns.joined(taken)


def _by_step(connection: Connection, run_pk: int, name: str, start: int | None, end: int | None) -> ByStep | None:
    place = metrics.place(connection, run_pk, name)
    if place is None:
        return None
    low, high = LEAST if start is None else start, GREATEST if end is None else end
    return ByStep(connection, run_pk, place[0], low, high)
