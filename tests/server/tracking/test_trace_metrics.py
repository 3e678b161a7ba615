"""Numbers over traces against the same numbers made in plain Python, on every database."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from typing import Any

import pytest

from zaffre.core.entities import Experiment
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import parse_filter
from zaffre.core.trace_filters import TRACES
from zaffre.core.traces import Assessment, Span
from zaffre.server.store.trace_metrics import Aggregation, MetricQuery
from zaffre.server.tracking.trace_metrics import metric_filters, npmi
from zaffre.server.tracking.traces import GivenSpans, GivenTrace
from zaffre.server.tracking.tracking import Tracking

WS = "default"
HOUR = 3_600_000
LATENCIES = [3, 141, 59, 26, 535, 8979, 323, 846]
ALL = [Aggregation(kind) for kind in ("AVG", "MIN", "MAX")]


@pytest.fixture
def traced(tracking: Tracking, experiment: Experiment) -> Experiment:
    """Eight traces, one every half hour, of two names, each with two spans and a feedback."""
    for at, latency in enumerate(LATENCIES):
        trace_id = f"tr-{at}"
        start = at * HOUR // 2
        said = Assessment(
            id="a-1", trace_id=trace_id, name="q", kind="feedback", created_at=1, updated_at=1, value=at % 2 == 0
        )
        given = GivenTrace(
            id=trace_id,
            experiment_id=experiment.id,
            start_time=start,
            duration_ms=latency,
            status="OK" if at % 3 else "ERROR",
            tags={"mlflow.traceName": "ab"[at % 2], "team": "blue" if at < 4 else "red"},
            metadata={
                "mlflow.trace.session": f"s{at // 3}",
                "mlflow.trace.tokenUsage": f'{{"input_tokens": {at}}}',
            },
            assessments=[said, replace(said, id="a-2", value=9, valid=False)],
        )
        tracking.start_trace(WS, given)
        cost = {"mlflow.llm.cost": {"total_cost": 0.5 * at}, "mlflow.llm.model": "m"}
        spans = [
            Span(trace_id=trace_id, id="1" * 16, name="root", start_ns=start * 10**6, end_ns=(start + 5) * 10**6),
            Span(
                trace_id=trace_id, id="2" * 16, parent_id="1" * 16, name="llm", start_ns=start * 10**6, attributes=cost
            ),
        ]
        tracking.log_spans(WS, experiment.id, [GivenSpans(spans=spans)])
    return experiment


def points(tracking: Tracking, experiment: Experiment, view: str, metric: str, **fields: Any) -> list[Any]:
    given = {"aggregations": [Aggregation("COUNT")], **fields}
    query = MetricQuery(experiment_ids=[experiment.id], view=view, metric=metric, **given)
    found = tracking.query_trace_metrics(WS, query)
    return [
        (*([] if point.bucket is None else [point.bucket]), *point.dimensions.values(), point.values) for point in found
    ]


def test_traces_are_counted_by_name_and_state(tracking: Tracking, traced: Experiment) -> None:
    assert points(tracking, traced, "TRACES", "trace_count") == [({"COUNT": 8},)]
    by_name = points(tracking, traced, "TRACES", "trace_count", dimensions=["trace_name", "trace_status"])
    assert by_name == [
        ("a", "ERROR", {"COUNT": 2}),
        ("a", "OK", {"COUNT": 2}),
        ("b", "ERROR", {"COUNT": 1}),
        ("b", "OK", {"COUNT": 3}),
    ]
    assert points(tracking, traced, "TRACES", "session_count") == [({"COUNT": 3},)]


@pytest.mark.parametrize("percent", [0, 12.5, 50, 90, 99.9, 100])
def test_percentiles_are_interpolated(tracking: Tracking, traced: Experiment, percent: float) -> None:
    ordered = sorted(LATENCIES)
    place = (len(ordered) - 1) * percent / 100
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    wanted = low + (high - low) * (place - math.floor(place))
    ((values,),) = points(
        tracking, traced, "TRACES", "latency", aggregations=[Aggregation("PERCENTILE", percent), *ALL]
    )
    assert values == {
        f"P{percent}": pytest.approx(wanted),
        "AVG": pytest.approx(statistics.fmean(LATENCIES)),
        "MIN": min(LATENCIES),
        "MAX": max(LATENCIES),
    }


def test_percentiles_of_groups(tracking: Tracking, traced: Experiment) -> None:
    median = [Aggregation("PERCENTILE", 50.0)]
    found = points(tracking, traced, "TRACES", "latency", aggregations=median, dimensions=["trace_name"])
    assert found == [
        ("a", {"P50.0": statistics.median(LATENCIES[::2])}),
        ("b", {"P50.0": statistics.median(LATENCIES[1::2])}),
    ]


def test_stretches_of_time(tracking: Tracking, traced: Experiment) -> None:
    time = {"interval_ms": HOUR, "start": HOUR, "end": 3 * HOUR - 1}
    assert points(tracking, traced, "TRACES", "trace_count", **time) == [
        (HOUR, {"COUNT": 2}),
        (2 * HOUR, {"COUNT": 2}),
    ]
    cost = points(tracking, traced, "SPANS", "total_cost", aggregations=[Aggregation("SUM")], **time)
    assert cost == [(HOUR, {"SUM": 2.5}), (2 * HOUR, {"SUM": 4.5})]
    assert points(tracking, traced, "SPANS", "total_cost", aggregations=[Aggregation("SUM")], start=2**62) == []
    assert points(tracking, traced, "TRACES", "trace_count", start=-(2**63), end=2**63 - 1) == [({"COUNT": 8},)]


def test_spans_and_assessments(tracking: Tracking, traced: Experiment) -> None:
    assert points(tracking, traced, "SPANS", "span_count", dimensions=["span_name"]) == [
        ("llm", {"COUNT": 8}),
        ("root", {"COUNT": 8}),
    ]
    assert points(tracking, traced, "SPANS", "latency", aggregations=ALL) == [({"AVG": 5, "MIN": 5, "MAX": 5},)]
    assert points(tracking, traced, "SPANS", "span_count", dimensions=["span_model_name"]) == [("m", {"COUNT": 8})]
    by_value = points(tracking, traced, "ASSESSMENTS", "assessment_count", dimensions=["assessment_value"])
    assert by_value == [("false", {"COUNT": 4}), ("true", {"COUNT": 4})]
    mean = points(tracking, traced, "ASSESSMENTS", "assessment_value", aggregations=ALL)
    assert mean == [({"AVG": 0.5, "MIN": 0, "MAX": 1},)]
    tokens = [Aggregation("SUM")]
    assert points(tracking, traced, "TRACES", "input_tokens", aggregations=tokens) == [({"SUM": 28},)]
    assert points(tracking, traced, "TRACES", "output_tokens", aggregations=tokens) == []


@pytest.mark.parametrize(
    ("view", "metric", "text", "count"),
    [
        ("TRACES", "trace_count", "trace.status = 'ERROR'", 3),
        ("TRACES", "trace_count", "trace.tag.team = 'blue'", 4),
        ("TRACES", "trace_count", "trace.tag.mlflow.traceName = 'a'", 4),
        ("TRACES", "trace_count", "trace.metadata.`mlflow.trace.session` = 's0'", 3),
        ("SPANS", "span_count", "span.name = 'llm'", 8),
        ("SPANS", "span_count", "trace.status = 'ERROR'", 6),
        ("ASSESSMENTS", "assessment_count", "assessment.type = 'feedback'", 8),
        ("ASSESSMENTS", "assessment_count", "assessment.name = 'other'", 0),
    ],
)
def test_filters(tracking: Tracking, traced: Experiment, view: str, metric: str, text: str, count: int) -> None:
    found = points(tracking, traced, view, metric, filters=metric_filters([text]))
    assert found == [({"COUNT": count},)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"view": "RUNS"}, "view_type"),
        ({"metric": "speed"}, "metric_name"),
        ({"aggregations": [Aggregation("SUM")]}, "aggregation_type"),
        ({"dimensions": ["span_name"]}, "dimension"),
        ({"interval_ms": 5}, "start_time_ms and end_time_ms"),
        ({"filters": metric_filters(["span.name = 'x'"])}, "SPANS view"),
        ({"metric": "latency", "aggregations": [Aggregation("PERCENTILE")]}, "from 0 to 100"),
        ({"metric": "latency", "aggregations": [Aggregation("PERCENTILE", 101)]}, "from 0 to 100"),
        ({"aggregations": [Aggregation("COUNT", 5)]}, "belongs to PERCENTILE"),
    ],
)
def test_what_cannot_be_summed_up(tracking: Tracking, experiment: Experiment, fields: dict[str, Any], why: str) -> None:
    given = {"view": "TRACES", "metric": "trace_count", "aggregations": [Aggregation("COUNT")], **fields}
    with pytest.raises(InvalidValue) as caught:
        tracking.query_trace_metrics(WS, MetricQuery(experiment_ids=[experiment.id], **given))
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "Invalid filter"),
        ("run.status = 'x'", "view type 'run'"),
        ("trace.color = 'x'", "Invalid entity 'color'"),
        ("trace.tag = 'x'", "trace.tag.<key>"),
        ("trace.status.x = 'x'", "write trace.status"),
        ("trace.status != 'x'", "only '='"),
        ("trace.status = 5", "Invalid filter"),
        ("trace.status = 'a' AND trace.status = 'b'", "Invalid filter"),
    ],
)
def test_what_is_no_filter_of_metrics(text: str, why: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        metric_filters([text])
    assert why in caught.value.message


def test_filters_are_compared_by_what_they_find(tracking: Tracking, traced: Experiment) -> None:
    def compared(first: str, second: str, base: str = "") -> Any:
        one, other, among = (parse_filter(text, TRACES) for text in (first, second, base))
        return tracking.correlate_traces(WS, [traced.id], one, other, among)

    same = compared("name = 'a'", "name = 'a'")
    assert (same.npmi, same.first, same.second, same.both, same.all) == (1.0, 4, 4, 4, 8)
    apart = compared("name = 'a'", "name = 'b'")
    assert (apart.npmi, apart.both) == (-1.0, 0)
    assert -1 < apart.npmi_smoothed < 0
    independent = compared("name = 'a'", "tags.team = 'blue'")
    assert (independent.npmi, independent.both) == (0.0, 2)
    among = compared("name = 'a'", "tags.team = 'blue'", "status = 'ERROR'")
    assert (among.first, among.second, among.both, among.all) == (2, 2, 1, 3)
    nothing = compared("name = 'c'", "name = 'a'")
    assert math.isnan(nothing.npmi)
    assert npmi(1, 0, 0, 0) == 1.0
