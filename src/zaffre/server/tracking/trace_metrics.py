"""The acts that sum up traces: metrics over time, and how often two filters find the same."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from zaffre.core.errors import InvalidValue
from zaffre.core.filters import Filter
from zaffre.core.span_attributes import COSTS, TOKENS
from zaffre.server.store import trace_metrics, trace_search
from zaffre.server.store.trace_metrics import (
    AVG,
    COUNT,
    MAX,
    MIN,
    PERCENTILE,
    SUM,
    MetricFilter,
    MetricPoint,
    MetricQuery,
)
from zaffre.server.store.trace_search import TraceQuery
from zaffre.server.tracking.acts import Acts

_SPREAD: Final = frozenset({AVG, MIN, MAX, PERCENTILE})
_AMOUNT: Final = _SPREAD | {SUM}
_COUNT: Final = frozenset({COUNT})
_MODELS: Final = ("span_model_name", "span_model_provider")

# view -> metric -> the aggregations it takes, and the dimensions it can be grouped by.
METRICS: Final[dict[str, dict[str, tuple[frozenset[str], tuple[str, ...]]]]] = {
    "TRACES": {
        "trace_count": (_COUNT, ("trace_name", "trace_status")),
        "session_count": (_COUNT, ()),
        "latency": (_SPREAD, ("trace_name",)),
        **dict.fromkeys(TOKENS, (_AMOUNT, ("trace_name",))),
    },
    "SPANS": {
        "span_count": (_COUNT, ("span_name", "span_type", "span_status", *_MODELS)),
        "latency": (_SPREAD, ("span_name", "span_status")),
        **dict.fromkeys(COSTS, (_AMOUNT, _MODELS)),
    },
    "ASSESSMENTS": {
        "assessment_count": (_COUNT, ("assessment_name", "assessment_value")),
        "assessment_value": (_SPREAD, ("assessment_name",)),
    },
}
# What a filter may name: whether it needs a key.
_FIELDS: Final = {
    "trace": {"status": False, "tag": True, "metadata": True},
    "span": {"name": False, "status": False, "type": False},
    "assessment": {"name": False, "type": False},
}
_VIEW_OF: Final = {"span": "SPANS", "assessment": "ASSESSMENTS"}
_FILTER: Final = re.compile(
    r"""\s*(?P<of>\w+)\.(?P<field>\w+)(?:\.(?P<key>`[^`]+`|"[^"]+"|[^\s=!<>`"']+))?\s*(?P<op>=|!=|<>|<=|>=|<|>|\w+)\s*"""
    r"""(?P<value>'(?:''|[^'])*'|"(?:""|[^"])*")\s*""",
    re.DOTALL,
)
_HALF: Final = 0.5  # Jeffreys' prior, by which counts are smoothed


@dataclass(frozen=True, slots=True)
class Correlation:
    """How many traces each of two filters finds, both do, and there are; NaN where that says nothing."""

    npmi: float
    npmi_smoothed: float
    first: int
    second: int
    both: int
    all: int


class TraceMetricActs(Acts):
    """Sum up the traces of some experiments. ``ws`` is the name of a workspace."""

    def query_trace_metrics(self, ws: str, query: MetricQuery) -> list[MetricPoint]:
        """The points in order of time and dimensions. Raises ``InvalidValue`` for what cannot be summed up so."""
        _check(query)
        return self._store.read(lambda connection: trace_metrics.query(connection, ws, query))

    def correlate_traces(
        self, ws: str, experiment_ids: Sequence[int], first: Filter, second: Filter, base: Filter
    ) -> Correlation:
        """How the traces that two filters find go together, among those that ``base`` finds."""

        def counts(connection: Connection) -> tuple[int, int, int, int]:
            among, one, other = (
                TraceQuery(experiment_ids=experiment_ids, filter=given) for given in (base, first, second)
            )
            return (
                trace_search.count(connection, ws, among, one),
                trace_search.count(connection, ws, among, other),
                trace_search.count(connection, ws, among, one, other),
                trace_search.count(connection, ws, among),
            )

        one, other, both, every = self._store.read(counts)
        if not one or not other:
            return Correlation(math.nan, math.nan, one, other, both, every)
        parts = (both, one - both, other - both, every - one - other + both)
        plain = npmi(*parts) if both else -1.0
        return Correlation(plain, npmi(*(part + _HALF for part in parts)), one, other, both, every)


def npmi(both: float, first: float, second: float, neither: float) -> float:
    """Normalised pointwise mutual information of two events by how often there were both, one alone, and neither:
    -1 never together, 0 independent, 1 always together.
    """
    every = both + first + second + neither
    together = both / every
    if together >= 1:
        return 1.0
    mutual = math.log(together) - math.log((both + first) / every) - math.log((both + second) / every)
    return max(-1.0, min(1.0, mutual / -math.log(together)))


def metric_filters(texts: Iterable[str]) -> list[MetricFilter]:
    """One filter for each text, such as ``trace.tag.team = 'blue'``. Raises ``InvalidValue``."""
    return [_metric_filter(text) for text in texts]


def _metric_filter(text: str) -> MetricFilter:
    match = _FILTER.fullmatch(text)
    if match is None:
        raise InvalidValue(f"Invalid filter: {text!r}. Write one comparison such as trace.status = 'OK'.", filter=text)
    of, field, key = match["of"], match["field"], match["key"]
    if of not in _FIELDS:
        raise InvalidValue(f"Invalid view type {of!r} in the filter {text!r}: use {', '.join(_FIELDS)}.", filter=text)
    if field not in _FIELDS[of]:
        raise InvalidValue(
            f"Invalid entity {field!r} in the filter {text!r}: a {of} has {', '.join(_FIELDS[of])}.", filter=text
        )
    if _FIELDS[of][field] != (key is not None):
        shape = f"{of}.{field}.<key>" if _FIELDS[of][field] else f"{of}.{field}"
        raise InvalidValue(f"Invalid filter {text!r}: write {shape} = '<value>'.", filter=text)
    if match["op"] != "=":
        raise InvalidValue(f"Invalid comparator: {match['op']!r}, only '=' operator is supported here.", filter=text)
    quote = match["value"][0]
    value = match["value"][1:-1].replace(quote * 2, quote)
    return MetricFilter(of, field, key.strip('`"') if key else None, value)


def _check(query: MetricQuery) -> None:
    metrics = METRICS.get(query.view)
    if metrics is None:
        raise InvalidValue(f"view_type must be one of {', '.join(METRICS)}, got {query.view!r}.")
    if query.metric not in metrics:
        raise InvalidValue(f"metric_name must be one of {', '.join(metrics)} in {query.view}, got {query.metric!r}.")
    kinds, dimensions = metrics[query.metric]
    unknown = sorted({item.kind for item in query.aggregations} - kinds)
    if unknown:
        raise InvalidValue(
            f"Found invalid aggregation_type(s): {', '.join(unknown)}. {query.metric} supports "
            f"{', '.join(sorted(kinds))}."
        )
    unknown = sorted(set(query.dimensions) - set(dimensions))
    if unknown:
        raise InvalidValue(
            f"Found invalid dimension(s): {', '.join(unknown)}. {query.metric} supports "
            f"{', '.join(dimensions) or 'none'}."
        )
    for item in query.aggregations:
        _check_percentile(item)
    for given in query.filters:
        if _VIEW_OF.get(given.of, query.view) != query.view:
            raise InvalidValue(f"Filtering by {given.of} is only supported for the {_VIEW_OF[given.of]} view type.")
    if query.interval_ms is not None and (query.start is None or query.end is None):
        raise InvalidValue("start_time_ms and end_time_ms are required if time_interval_seconds is set. Send them.")


def _check_percentile(item: trace_metrics.Aggregation) -> None:
    if item.kind == PERCENTILE:
        if item.percentile is None or not 0 <= item.percentile <= 100:
            raise InvalidValue(f"A PERCENTILE needs a percentile_value from 0 to 100, got {item.percentile}.")
    elif item.percentile is not None:
        raise InvalidValue(f"percentile_value belongs to PERCENTILE, not to {item.kind}. Leave it out.")
