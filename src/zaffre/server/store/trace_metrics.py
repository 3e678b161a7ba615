"""Numbers over many traces, their spans or assessments: grouped, put into stretches of time, and summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, case, false, func, select

from zaffre.core.span_attributes import TOKENS
from zaffre.core.traces import NAME_TAG, SOURCE_RUN
from zaffre.server.store.schema import (
    assessments,
    spans,
    trace_metadata,
    trace_runs,
    trace_tags,
    traces,
    workspaces,
)

COUNT, SUM, AVG, MIN, MAX, PERCENTILE = "COUNT", "SUM", "AVG", "MIN", "MAX", "PERCENTILE"
_MILLI = 1_000_000  # nanoseconds
_PARTS = 100_000_000  # of a whole, in which places between two values are counted

# view -> metric -> what is aggregated; counts count rows.
_VALUES: dict[str, dict[str, ColumnElement[Any]]] = {
    "TRACES": {
        "trace_count": traces.c.pk,
        "session_count": traces.c.session_id,
        "latency": traces.c.duration_ms,
        **{name: traces.c[name] for name in TOKENS},
    },
    "SPANS": {
        "span_count": spans.c.id,
        "latency": (spans.c.end_ns - spans.c.start_ns) // _MILLI,
        "input_cost": spans.c.input_cost,
        "output_cost": spans.c.output_cost,
        "total_cost": spans.c.total_cost,
    },
    "ASSESSMENTS": {"assessment_count": assessments.c.id, "assessment_value": assessments.c.number},
}
_DIMENSIONS: dict[str, ColumnElement[Any]] = {
    "trace_name": traces.c.name,
    "trace_status": traces.c.status,
    "span_name": spans.c.name,
    "span_type": spans.c.type,
    "span_status": spans.c.status,
    "span_model_name": spans.c.model_name,
    "span_model_provider": spans.c.model_provider,
    "assessment_name": assessments.c.name,
    "assessment_value": assessments.c.value,
}
_FIELDS: dict[tuple[str, str], ColumnElement[Any]] = {
    ("trace", "status"): traces.c.status,
    ("span", "name"): spans.c.name,
    ("span", "status"): spans.c.status,
    ("span", "type"): spans.c.type,
    ("assessment", "name"): assessments.c.name,
    ("assessment", "type"): assessments.c.kind,
}


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """``<of>.<field>[.<key>] = value``, such as trace.tag.team = 'blue'."""

    of: str  # trace, span, assessment
    field: str
    key: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Aggregation:
    kind: str
    percentile: float | None = None  # 0 to 100, for PERCENTILE

    @property
    def label(self) -> str:
        return self.kind if self.percentile is None else f"P{self.percentile}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """What to sum up. Times are milliseconds; ``interval_ms`` divides them from the epoch on."""

    experiment_ids: Sequence[int]
    view: str
    metric: str
    aggregations: Sequence[Aggregation]
    dimensions: Sequence[str] = ()
    filters: Sequence[MetricFilter] = ()
    interval_ms: int | None = None
    start: int | None = None
    end: int | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class MetricPoint:
    bucket: int | None  # the beginning of its stretch of time
    dimensions: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)


def query(connection: Connection, ws: str, wanted: MetricQuery) -> list[MetricPoint]:
    """Points in the order of time, then of the dimensions. What has no value, or not all dimensions, is left out."""
    value = _VALUES[wanted.view][wanted.metric]
    groups: list[ColumnElement[Any]] = [_DIMENSIONS[name] for name in wanted.dimensions]
    if wanted.interval_ms is not None:
        groups.insert(0, _bucket(_time(wanted), wanted.interval_ms))
    named = [group.label(f"group_{at}") for at, group in enumerate(groups)]
    given = (
        select(*named, value.label("value"))
        .select_from(_source(wanted.view))
        .where(
            traces.c.workspace_pk == select(workspaces.c.pk).where(workspaces.c.name == ws).scalar_subquery(),
            traces.c.experiment_id.in_(list(wanted.experiment_ids)) if wanted.experiment_ids else false(),
            value.is_not(None),
            *(group.is_not(None) for group in groups),
            *_narrowed(wanted),
        )
        .subquery("given")
    )
    keys = [given.c[column.name] for column in named]
    if any(item.kind == PERCENTILE for item in wanted.aggregations):
        given = _ranked(given, keys)
        keys = [given.c[column.name] for column in named]
    columns = [
        _aggregated(given, item, wanted.metric).label(f"value_{at}") for at, item in enumerate(wanted.aggregations)
    ]
    statement = select(*keys, *columns).select_from(given).limit(wanted.limit)
    if keys:
        statement = statement.group_by(*keys).order_by(*keys)
    points = [_point(wanted, tuple(row)) for row in connection.execute(statement)]
    return [point for point in points if point.values]


def _source(view: str) -> FromClause:
    if view == "SPANS":
        return traces.join(spans, spans.c.trace_pk == traces.c.pk)
    if view == "ASSESSMENTS":
        return traces.join(assessments, assessments.c.trace_pk == traces.c.pk)
    return traces


def _time(wanted: MetricQuery) -> ColumnElement[Any]:
    return spans.c.start_ns // _MILLI if wanted.view == "SPANS" else traces.c.start_time


def _bucket(time: ColumnElement[Any], interval_ms: int) -> ColumnElement[Any]:
    return time // interval_ms * interval_ms


def _narrowed(wanted: MetricQuery) -> list[ColumnElement[bool]]:
    conditions = [_matches(item) for item in wanted.filters]
    if wanted.view == "ASSESSMENTS":
        conditions.append(assessments.c.valid == 1)
    is_cost = wanted.view == "SPANS" and wanted.metric.endswith("_cost")
    time = spans.c.start_ns if is_cost else traces.c.start_time
    unit = _MILLI if is_cost else 1
    if wanted.start is not None:
        conditions.append(time >= _in_64_bits(wanted.start * unit))
    if wanted.end is not None:  # the whole of its last millisecond
        conditions.append(time <= _in_64_bits((wanted.end + 1) * unit - 1))
    return conditions


def _in_64_bits(value: int) -> int:
    return max(-(2**63), min(2**63 - 1, value))


def _matches(item: MetricFilter) -> ColumnElement[bool]:
    if item.key is None:
        return _FIELDS[item.of, item.field] == item.value
    if item.field == "tag" and item.key == NAME_TAG:
        return traces.c.name == item.value
    if item.field == "metadata" and item.key == SOURCE_RUN:
        return traces.c.pk.in_(select(trace_runs.c.trace_pk).where(trace_runs.c.run_id == item.value))
    table = trace_tags if item.field == "tag" else trace_metadata
    return traces.c.pk.in_(select(table.c.trace_pk).where(table.c.key == item.key, table.c.value == item.value))


def _ranked(given: Any, keys: Sequence[ColumnElement[Any]]) -> Any:
    """Each value with its place in its group, from 0, and how many values that has."""
    place = func.row_number().over(partition_by=list(keys) or None, order_by=given.c.value) - 1
    size = func.count().over(partition_by=list(keys) or None)
    return select(given, place.label("place"), size.label("size")).subquery("ranked")


def _aggregated(given: Any, item: Aggregation, metric: str) -> ColumnElement[Any]:
    value = given.c.value
    if item.kind == COUNT:
        return func.count(value.distinct()) if metric == "session_count" else func.count(value)
    if item.kind == PERCENTILE:
        return _percentile(given, item.percentile or 0)
    plain: dict[str, ColumnElement[Any]] = {
        SUM: func.sum(value),
        AVG: func.avg(value),
        MIN: func.min(value),
        MAX: func.max(value),
    }
    return plain[item.kind]


def _percentile(given: Any, percent: float) -> ColumnElement[Any]:
    """By linear interpolation between the two values beside the exact place, which is percent / 100 * (size - 1).

    In whole numbers as far as it goes: databases differ in how they round others.
    """
    exact = (given.c.size - 1) * round(percent * _PARTS / 100)
    low, rest = exact // _PARTS, exact % _PARTS
    weight = case((given.c.place == low, _PARTS - rest), (given.c.place == low + 1, rest), else_=0)
    return func.sum(given.c.value * weight * (1.0 / _PARTS))


def _point(wanted: MetricQuery, row: tuple[Any, ...]) -> MetricPoint:
    at = int(wanted.interval_ms is not None)
    named = dict(zip(wanted.dimensions, map(str, row[at:]), strict=False))
    given = row[at + len(wanted.dimensions) :]
    numbers = zip(wanted.aggregations, given, strict=True)
    values = {item.label: float(value) for item, value in numbers if value is not None}
    return MetricPoint(int(row[0]) if at else None, named, values)
