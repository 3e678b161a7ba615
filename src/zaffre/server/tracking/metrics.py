"""The acts on what runs log: metrics, records, parameters and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.entities import MetricRecord, ModelMetric
from zaffre.core.errors import InvalidValue, StateConflict, TooLarge
from zaffre.server.store import logged_models, metrics, pairs, records, run_sets, runs
from zaffre.server.store.metrics import Head, Latest, Logged, Series
from zaffre.server.store.packing import Columns, columns
from zaffre.server.store.run_sets import Change
from zaffre.server.store.runs import RunKey
from zaffre.server.store.schema import params
from zaffre.server.tracking import charts, history
from zaffre.server.tracking.acts import Acts, active_run, check_key, check_length, check_tags
from zaffre.server.tracking.runs import new_tags

AT_ONCE = 100_000  # points that a follower of a run is given at once
Point = tuple[str, float, int, int]  # name, value, timestamp, step: the order in which MLflow names them
Given = tuple[str, Sequence[int], Sequence[int], Sequence[float]]  # name, steps, timestamps, values


@dataclass(frozen=True, slots=True)
class LoggedValues:
    """What a run logged. ``next``: there is more, and this is the ``after`` that it is behind."""

    series: list[Series]
    records: list[MetricRecord]
    next: str | None = None


class MetricActs(Acts):
    """Log and read. ``ws`` is the name of a workspace. What a log act acknowledged is durable and readable.

    The acts that a training loop waits for have a twin for coroutines, named with a leading ``a``.
    """

    def log(self, ws: str, run_id: str, series: Iterable[Given], given: Sequence[MetricRecord] = ()) -> int:
        """Append points and records to a run, all or nothing; answers how many.

        Raises ``InvalidName``, ``InvalidValue``, ``TooLarge``; ``NotFound``; ``StateConflict`` for a deleted run.
        """
        batch = gather_series(series)
        total = _check_size(batch, given)
        self._store.write(partial(_append, ws, run_id, batch, given))
        self._notifier.publish(f"metrics:{run_id}")
        return total

    async def alog(self, ws: str, run_id: str, series: Iterable[Given], given: Sequence[MetricRecord] = ()) -> int:
        batch = gather_series(series)
        total = _check_size(batch, given)
        await self._store.awrite(partial(_append, ws, run_id, batch, given))
        self._notifier.publish(f"metrics:{run_id}")
        return total

    def log_batch(
        self,
        ws: str,
        run_id: str,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        models: Mapping[str, Sequence[ModelMetric]] | None = None,
    ) -> None:
        """Log points, parameters and tags, all or nothing; ``models`` maps a logged model's id to metrics of it.

        A parameter that was logged with another value raises ``StateConflict``; the same value again is fine.
        """
        self._store.write(_batch(ws, run_id, points, params or {}, tags or {}, models or {}))
        self._notifier.publish(*_news(ws, run_id, points, params, tags))

    async def alog_batch(
        self,
        ws: str,
        run_id: str,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        models: Mapping[str, Sequence[ModelMetric]] | None = None,
    ) -> None:
        await self._store.awrite(_batch(ws, run_id, points, params or {}, tags or {}, models or {}))
        self._notifier.publish(*_news(ws, run_id, points, params, tags))

    def get_metrics(self, ws: str, run_id: str, name: str | None = None, after: str | None = None) -> LoggedValues:
        """What a run logged, under one name or all: points by (step, timestamp), records as logged.

        At once not many more than ``limits.POINTS_PER_ANSWER`` points; the records come with the first of them.
        """
        room = limits.POINTS_PER_ANSWER
        place = history.START if after is None else history.parse_place(after)
        return self._store.read(
            lambda connection: _values(connection, runs.key_of(connection, ws, run_id).pk, name, place, room)
        )

    def metric_heads(self, ws: str, run_id: str) -> tuple[list[Head], list[MetricRecord]]:
        """The latest point and the number of points of each metric by name, and the records as logged."""

        def read(connection: Connection) -> tuple[list[Head], list[MetricRecord]]:
            pk = runs.key_of(connection, ws, run_id).pk
            return metrics.heads(connection, pk), records.read(connection, pk, None)

        return self._store.read(read)

    def get_family_metrics(self, ws: str, run_id: str, name: str | None = None) -> dict[str, LoggedValues]:
        """``get_metrics`` of a run and of all its descendants, by run id; only those that logged something.

        All of them share the number of points: of those behind it comes only where to begin.
        """

        def family(connection: Connection) -> dict[str, LoggedValues]:
            pk = runs.key_of(connection, ws, run_id).pk
            pks = [pk, *runs.descendants(connection, pk)]
            names = runs.ids(connection, pks)
            found, room = {}, limits.POINTS_PER_ANSWER
            for member in pks:
                found[names[member]] = values = _values(connection, member, name, history.START, room)
                room -= sum(len(series.points) for series in values.series)
            return {
                member: values for member, values in found.items() if values.series or values.records or values.next
            }

        return self._store.read(family)

    def latest(self, ws: str, run_ids: Sequence[str]) -> dict[str, list[Latest]]:
        """The latest point of every metric of each run that exists, by name."""

        def newest(connection: Connection) -> dict[str, list[Latest]]:
            names = runs.keys_of(connection, ws, run_ids)
            found = metrics.latest(connection, list(names))
            return {names[pk]: points for pk, points in found.items()}

        return self._store.read(newest)

    def history(
        self, ws: str, run_id: str, name: str, *, after: str | None = None, limit: int | None = None
    ) -> tuple[Columns, str | None]:
        """Points of a metric in MLflow's order (timestamp, step, value), at most ``limit``, behind ``after``.

        With them comes the ``after`` of the next page, None on the last. A metric that was not logged has no points.
        A page reads what it answers and little more (``ordered_points``).
        """
        behind = None if after is None else history.parse(after)
        points, last = self._store.read(
            lambda connection: history.page(connection, runs.key_of(connection, ws, run_id).pk, name, behind, limit)
        )
        return points, None if last is None else history.token(last)

    def chart(
        self,
        ws: str,
        run_id: str,
        name: str,
        points: int = 1000,
        *,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> tuple[Columns, bool]:
        """At most ``points`` of a metric between two steps (both included), by step, lows and highs kept.

        With them comes whether these are all there are between the two.
        """

        def read(connection: Connection) -> tuple[Columns, bool]:
            pk = runs.key_of(connection, ws, run_id).pk
            found, is_whole = metrics.outline(connection, pk, name, points)
            part = charts.between(found, start_step, end_step)
            if is_whole or len(part) == len(found):
                return part, is_whole
            # A part of a long metric has its own lows and highs: read it, or as much as makes it as fine as asked for.
            whole = history.between(connection, pk, name, start_step, end_step, metrics.WHOLE)
            if whole is not None:
                return whole, True
            wanted = points * len(found) // max(1, len(part))
            found, is_whole = metrics.outline(connection, pk, name, wanted)
            return charts.between(found, start_step, end_step), is_whole

        found, is_whole = self._store.read(read)
        thinned, is_all = charts.thin(found, points)
        return thinned, is_whole and is_all

    def interval(
        self, ws: str, run_id: str, name: str, *, start_step: int | None, end_step: int | None, points: int
    ) -> Columns:
        """At most ``points`` of a metric between two steps (both included), evenly by rank."""
        return self._store.read(
            lambda connection: history.evenly(
                connection, runs.key_of(connection, ws, run_id).pk, name, start_step, end_step, points
            )
        )

    def metrics_since(self, ws: str, run_id: str, seen: Mapping[str, int]) -> tuple[dict[str, Columns], dict[str, int]]:
        """What was logged after the first ``seen[name]`` points of each metric, as logged; and the next ``seen``.

        Never more than ``AT_ONCE`` points of all metrics together: who wants all asks until nothing is new.
        """
        grown = self._store.read(
            lambda connection: metrics.since(connection, runs.key_of(connection, ws, run_id).pk, seen, AT_ONCE)
        )
        counts = {name: count for name, (count, _) in grown.items()}
        return {name: points for name, (_, points) in grown.items()}, {**seen, **counts}


def gather_series(given: Iterable[Given]) -> list[Logged]:
    """Columns as given -> what the store appends: each metric once, none empty."""
    merged: dict[str, Logged] = {}
    for name, steps, timestamps, values in given:
        check_length("metric", name)
        logged = _logged(name, steps, timestamps, values)
        known = merged.get(name)
        if known is not None:
            logged = Logged(name, known.points.then(logged.points), known.is_int and logged.is_int)
        if len(logged.points):
            merged[name] = logged
    return list(merged.values())


def gather_points(given: Iterable[Point]) -> list[Logged]:
    """Points one by one -> what the store appends: each metric once."""
    merged: dict[str, tuple[list[int], list[int], list[float]]] = {}
    for name, value, timestamp, step in given:
        found = merged.get(name)
        if found is None:
            check_key("metric", name)
            found = merged[name] = ([], [], [])
        found[0].append(step)
        found[1].append(timestamp)
        found[2].append(value)
    return [_logged(name, *found) for name, found in merged.items()]


def _logged(name: str, steps: Sequence[int], timestamps: Sequence[int], values: Sequence[float]) -> Logged:
    return Logged(name, columns(name, steps, timestamps, values), set(map(type, values)) == {int})


def _check_size(batch: Sequence[Logged], given: Sequence[MetricRecord]) -> int:
    for record in given:
        check_length("metric", record.name)
    total = sum(len(logged.points) for logged in batch) + len(given)
    if total > limits.POINTS_PER_REQUEST:
        raise TooLarge(
            f"One request takes at most {limits.POINTS_PER_REQUEST} points and records; this one has {total}. "
            "Send them in several.",
            limit=limits.POINTS_PER_REQUEST,
        )
    return total


def _append(
    ws: str, run_id: str, batch: Sequence[Logged], given: Sequence[MetricRecord], connection: Connection
) -> None:
    run = active_run(connection, ws, run_id)
    if batch:
        metrics.append(connection, run.pk, batch)
    records.append(connection, run.pk, given)


def _batch(
    ws: str,
    run_id: str,
    points: Sequence[Point],
    given: Mapping[str, str],
    tags: Mapping[str, str],
    models: Mapping[str, Sequence[ModelMetric]],
) -> Callable[[Connection], None]:
    """The write of ``log_batch``, checked and packed before it queues: the writer's time is everyone's."""
    batch = gather_points(points)
    check_params(given)
    check_tags(tags)
    return partial(_write_batch, ws, run_id, batch, given, tags, models)


def _write_batch(
    ws: str,
    run_id: str,
    batch: Sequence[Logged],
    given: Mapping[str, str],
    tags: Mapping[str, str],
    models: Mapping[str, Sequence[ModelMetric]],
    connection: Connection,
) -> None:
    run = active_run(connection, ws, run_id)
    changes = [_new_params(connection, run, given)] if given else []
    if batch:
        metrics.append(connection, run.pk, batch)
    changes += new_tags(connection, ws, run, tags)
    run_sets.put_all(connection, run.experiment_id, run.pk, changes)
    for model_id, measured in models.items():
        logged_models.get(connection, ws, model_id)
        logged_models.log_metrics(connection, model_id, measured)


def check_params(given: Mapping[str, str]) -> None:
    """Raise ``InvalidName`` or ``InvalidValue`` unless all of these parameters may be kept."""
    for key, value in given.items():
        check_key("param", key)
        if len(value) > limits.PARAM_VALUE:
            raise InvalidValue(
                f"Param {key!r} has a value of {len(value)} characters; at most {limits.PARAM_VALUE} are kept. "
                "Log it as a file instead.",
                key=key,
            )


def _new_params(connection: Connection, run: RunKey, given: Mapping[str, str]) -> Change:
    known = pairs.of(connection, params, run.pk)
    for key, value in given.items():
        if known.get(key, value) != value:
            raise StateConflict(
                f"Changing param values is not allowed. Param with key={key!r} was already logged with "
                f"value={known[key]!r} for run ID={run.id!r}. Attempted logging new value {value!r}.",
                key=key,
                run_id=run.id,
            )
    return params, given, known


def _values(
    connection: Connection,
    pk: int,
    name: str | None,
    place: history.Place,
    room: int,
) -> LoggedValues:
    found, rest = history.piece(connection, pk, name, place, room)
    given = records.read(connection, pk, name) if place == history.START else []
    return LoggedValues(found, given, None if rest is None else history.place_token(rest))


def _news(ws: str, run_id: str, points: object, given: object, tags: object) -> list[str]:
    topics = [f"metrics:{run_id}"] if points else []
    return [*topics, f"run:{run_id}", f"runs:{ws}"] if given or tags else topics
