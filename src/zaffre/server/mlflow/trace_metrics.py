"""Numbers over traces, spans and assessments over MLflow's protocol."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Final

from zaffre.server.mlflow import values
from zaffre.server.mlflow.answers import Json, without_empty
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid, missing
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.mlflow.trace_messages import QueryMetrics
from zaffre.server.store.trace_metrics import (
    AVG,
    COUNT,
    MAX,
    MIN,
    PERCENTILE,
    SUM,
    Aggregation,
    MetricPoint,
    MetricQuery,
)
from zaffre.server.tracking.trace_metrics import METRICS, metric_filters

_MOST: Final = 1000
_VIEWS: Final = dict(enumerate(METRICS, start=1))  # by their numbers in the protocol
_KINDS: Final = dict(enumerate((COUNT, SUM, AVG, PERCENTILE, MIN, MAX), start=1))
_LONGEST_SECONDS: Final = 10 * 366 * 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


def query(rooms: Rooms, message: QueryMetrics) -> object:
    for name in ("experiment_ids", "aggregations"):
        if not getattr(message, name):
            raise missing(name)
    seconds = message.time_interval_seconds or None
    if seconds is not None and not 0 < seconds <= _LONGEST_SECONDS:
        raise invalid("time_interval_seconds", seconds, f"it must be between 1 and {_LONGEST_SECONDS}.")
    if message.page_token:
        raise invalid("page_token", message.page_token, "metrics come on one page; narrow the time or the interval.")
    rooms.check_workspace()
    wanted = MetricQuery(
        experiment_ids=rooms.experiment_ids(message.experiment_ids),
        view=_named(message.view_type, _VIEWS, "view_type"),
        metric=message.metric_name,
        aggregations=[
            Aggregation(_named(item.aggregation_type, _KINDS, "aggregation_type"), item.percentile_value)
            for item in message.aggregations
        ],
        dimensions=message.dimensions,
        filters=metric_filters(message.filters),
        interval_ms=None if seconds is None else seconds * 1000,
        start=message.start_time_ms,
        end=message.end_time_ms,
        limit=values.page_size(message.max_results, _MOST),
    )
    points = rooms.tracking.query_trace_metrics(rooms.workspace, wanted)
    return without_empty({"data_points": [_point(message.metric_name, point) for point in points]})


def _named(value: str | int, names: dict[int, str], parameter: str) -> str:
    name = names.get(value, "") if isinstance(value, int) else value
    if name not in names.values():
        raise invalid(parameter, value, f"it must be one of {', '.join(names.values())}.")
    return name


def _point(metric: str, point: MetricPoint) -> Json:
    dimensions = dict(point.dimensions)
    if point.bucket is not None:
        dimensions = {"time_bucket": (_EPOCH + timedelta(milliseconds=point.bucket)).isoformat(), **dimensions}
    return {"metric_name": metric, "dimensions": dimensions, "values": point.values}


ACTS: tuple[Act[Any], ...] = (Act("POST", "3.0/mlflow/traces/metrics", QueryMetrics, query),)
