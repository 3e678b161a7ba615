"""Histories of metrics over MLflow's protocol."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import repeat

from zaffre.core.errors import InvalidValue
from zaffre.core.wire import number_to_wire
from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.answers import Point
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import missing
from zaffre.server.mlflow.messages import GetHistory, GetHistoryBulk, GetHistoryInterval
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.store.packing import Columns

_MOST = 25_000
_UNASKED = 250_000  # where no page size was asked for; clients of MLflow always ask for one
_MOST_RUNS = 100
_MOST_PER_INTERVAL = 2_500


def history(rooms: Rooms, message: GetHistory) -> object:
    limit = _UNASKED if message.max_results is None else values.page_size(message.max_results, _MOST)
    points, after = rooms.tracking.history(
        rooms.workspace, message.run, message.metric_key, after=message.page_token or None, limit=limit
    )
    return answers.without_empty({"metrics": _wire(points, message.metric_key), "next_page_token": after})


def history_bulk(rooms: Rooms, message: GetHistoryBulk) -> object:
    most = values.page_size(message.max_results, _MOST)
    found: list[Point] = []
    for run_id in _runs(message.run_id, "run_id"):
        if len(found) < most:
            points, _ = rooms.tracking.history(rooms.workspace, run_id, message.metric_key, limit=most - len(found))
            found += _wire(points, message.metric_key, run_id)
    return {"metrics": found}


def history_interval(rooms: Rooms, message: GetHistoryInterval) -> object:
    first, last = message.start_step, message.end_step
    if (first is None) != (last is None):
        raise InvalidValue("start_step and end_step belong together: send both of them, or neither.")
    if first is not None and last is not None and first > last:
        raise InvalidValue(f"start_step {first} is greater than end_step {last}: exchange them.")
    most = values.page_size(message.max_results, _MOST_PER_INTERVAL)
    found: list[Point] = []
    for run_id in _runs(message.run_ids, "run_ids"):
        points = rooms.tracking.interval(
            rooms.workspace, run_id, message.metric_key, start_step=first, end_step=last, points=most
        )
        found += _wire(points, message.metric_key, run_id)
    return answers.without_empty({"metrics": found})


def _runs(given: Sequence[str], parameter: str) -> Sequence[str]:
    if not all(given) or not given:
        raise missing(parameter)
    if len(given) > _MOST_RUNS:
        raise InvalidValue(f"{parameter} names {len(given)} runs; at most {_MOST_RUNS} can be asked for at once.")
    return sorted(set(given))


def _wire(points: Columns, key: str, run_id: str | None = None) -> list[Point]:
    plain = all(map(math.isfinite, points.values))
    values: Iterable[float | str] = points.values if plain else map(number_to_wire, points.values)
    return list(map(Point, repeat(key), values, points.timestamps, points.steps, repeat(run_id)))


ACTS = (
    Act("GET", "2.0/mlflow/metrics/get-history", GetHistory, history),
    Act("GET", "2.0/mlflow/metrics/get-history-bulk", GetHistoryBulk, history_bulk),
    Act("GET", "2.0/mlflow/metrics/get-history-bulk-interval", GetHistoryInterval, history_interval),
)
