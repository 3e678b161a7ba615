"""The search for traces against a model of its meaning in plain Python, on every database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaffre.core.entities import Experiment
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import Condition, Entity, Filter, Op, like_pattern, parse_filter
from zaffre.core.trace_filters import TRACES
from zaffre.core.traces import Assessment, Span
from zaffre.server.store.trace_search import TraceQuery
from zaffre.server.tracking.assessments import NewValue
from zaffre.server.tracking.traces import GivenSpans, GivenTrace
from zaffre.server.tracking.tracking import Tracking

WS = "default"
KEYS = ("a", "b.c", "d e")
TEXTS = ("", "x", "X", "grün", "GRÜN", "50%", "a_b", "it's", 'say "so"', "true", "1.5")
NUMBERS = (0, 1, 2, 1.5, -3)

texts = st.sampled_from(TEXTS)
numbers = st.sampled_from(NUMBERS)
pairs = st.dictionaries(st.sampled_from(KEYS), texts, max_size=2)
spans = st.builds(
    Span,
    trace_id=st.just("tr-1"),
    id=st.integers(1, 2**60).map(lambda number: f"{number:016x}"),
    name=texts.filter(bool),
    start_ns=st.just(1),
    status=st.sampled_from(("OK", "ERROR")),
    attributes=st.dictionaries(st.sampled_from((*KEYS, "mlflow.spanType")), texts, max_size=3),
)
assessments = st.builds(
    Assessment,
    id=st.integers(1, 2**60).map(lambda number: f"a-{number}"),
    trace_id=st.just("tr-1"),
    name=st.sampled_from(KEYS),
    kind=st.sampled_from(("feedback", "expectation")),
    created_at=st.just(1),
    updated_at=st.just(1),
    value=st.one_of(st.booleans(), numbers, texts, st.none()),
    valid=st.booleans(),
)
traces = st.builds(
    lambda **fields: GivenTrace(id=f"tr-{uuid4().hex}", experiment_id=1, **fields),
    start_time=st.integers(0, 3),
    duration_ms=st.one_of(st.none(), st.integers(0, 3)),
    status=st.sampled_from(("OK", "ERROR", "IN_PROGRESS")),
    client_request_id=st.one_of(st.none(), texts),
    tags=pairs.flatmap(lambda tags: st.sampled_from((tags, {**tags, "mlflow.traceName": "x"}))),
    metadata=pairs,
    assessments=st.lists(assessments, max_size=3, unique_by=lambda item: item.id),
)


def conditions() -> st.SearchStrategy[Condition]:
    text_ops = st.sampled_from((Op.EQ, Op.NE, Op.LIKE, Op.ILIKE))
    patterns = st.one_of(texts, st.sampled_from(("%", "x%", "%N", "_", "%ü%", "")))
    keys = st.sampled_from(KEYS)

    def text_of(entity: Entity, names: st.SearchStrategy[str]) -> st.SearchStrategy[Condition]:
        compared = st.builds(Condition, st.just(entity), names, text_ops, patterns)
        return compared | st.builds(
            Condition, st.just(entity), names, st.just(Op.RLIKE), st.sampled_from(("^x", "ü", "[0-9]"))
        )

    def nulls(entity: Entity) -> st.SearchStrategy[Condition]:
        ops = st.sampled_from((Op.IS_NULL, Op.IS_NOT_NULL))
        return st.builds(Condition, st.just(entity), keys, ops, st.none())

    member = st.builds(
        Condition,
        st.just(Entity.ATTRIBUTE),
        st.sampled_from(("name", "status", "client_request_id")),
        st.sampled_from((Op.IN, Op.NOT_IN)),
        st.lists(st.one_of(texts, st.just("OK")), min_size=1, max_size=2).map(tuple),
    )
    number = st.builds(
        Condition,
        st.just(Entity.ATTRIBUTE),
        st.sampled_from(("timestamp_ms", "execution_time_ms", "end_time_ms")),
        st.sampled_from((Op.EQ, Op.NE, Op.GT, Op.GE, Op.LT, Op.LE)),
        st.integers(0, 4),
    )
    ordered = st.builds(
        Condition,
        st.sampled_from((Entity.FEEDBACK, Entity.EXPECTATION)),
        keys,
        st.sampled_from((Op.GT, Op.GE, Op.LT, Op.LE)),
        numbers,
    )
    span_keys = st.sampled_from(("name", "type", "status", *(f"attributes.{key}" for key in KEYS)))
    return st.one_of(
        text_of(Entity.ATTRIBUTE, st.sampled_from(("name", "client_request_id", "status"))),
        text_of(Entity.TAG, keys),
        text_of(Entity.METADATA, keys),
        text_of(Entity.SPAN, span_keys),
        *(nulls(entity) for entity in (Entity.TAG, Entity.METADATA, Entity.FEEDBACK, Entity.EXPECTATION)),
        st.builds(Condition, st.just(Entity.FEEDBACK), keys, st.sampled_from((Op.EQ, Op.NE)), texts),
        member,
        number,
        ordered,
    )


def matches(value: Any, condition: Condition) -> bool:
    """What a clause says of one value; of one that is not there it says nothing."""
    if condition.op is Op.IS_NULL:
        return value is None
    if condition.op is Op.IS_NOT_NULL:
        return value is not None
    if value is None:
        return False
    wanted: Any = condition.value
    if condition.op in (Op.LIKE, Op.ILIKE):
        return like_pattern(wanted, ignore_case=condition.op is Op.ILIKE).fullmatch(value) is not None
    by_op: dict[Op, Callable[[], bool]] = {
        Op.EQ: lambda: bool(value == wanted),
        Op.NE: lambda: bool(value != wanted),
        Op.GT: lambda: bool(value > wanted),
        Op.GE: lambda: bool(value >= wanted),
        Op.LT: lambda: bool(value < wanted),
        Op.LE: lambda: bool(value <= wanted),
        Op.IN: lambda: value in wanted,
        Op.NOT_IN: lambda: value not in wanted,
        Op.RLIKE: lambda: re.search(wanted, value) is not None,
    }
    return by_op[condition.op]()


def says(item: Assessment, condition: Condition) -> bool:
    value = item.value
    if condition.op in (Op.GT, Op.GE, Op.LT, Op.LE):
        return isinstance(value, int | float) and not isinstance(value, bool) and matches(value, condition)
    plain = value if isinstance(value, str) else {True: "true", False: "false", None: "null"}.get(value, str(value))
    if value in (0, 1) and not isinstance(value, bool) and value is not None:
        plain = str(value)
    return matches(plain, condition)


def span_value(span: Span, key: str) -> Any:
    if key.startswith("attributes."):
        return span.attributes.get(key.removeprefix("attributes."))
    return {"name": span.name, "status": span.status, "type": span.attributes.get("mlflow.spanType") or "UNKNOWN"}[key]


def expected(trace: GivenTrace, listed: Sequence[Span], asked: Filter) -> bool:
    about_span = [item for item in asked if item.entity is Entity.SPAN]
    if about_span and not any(all(matches(span_value(span, it.key), it) for it in about_span) for span in listed):
        return False
    return all(holds(trace, item) for item in asked if item.entity is not Entity.SPAN)


def holds(trace: GivenTrace, item: Condition) -> bool:
    if item.entity is Entity.TAG:
        return matches(trace.tags.get(item.key), item)
    if item.entity is Entity.METADATA:
        return matches(trace.metadata.get(item.key), item)
    if item.entity in (Entity.FEEDBACK, Entity.EXPECTATION):
        said = [it for it in trace.assessments if (it.kind, it.name, it.valid) == (item.entity.value, item.key, True)]
        if item.op in (Op.IS_NULL, Op.IS_NOT_NULL):
            return bool(said) is (item.op is Op.IS_NOT_NULL)
        return any(says(it, item) for it in said)
    values = {
        "name": trace.tags.get("mlflow.traceName"),
        "status": trace.status,
        "client_request_id": trace.client_request_id,
        "timestamp_ms": trace.start_time,
        "execution_time_ms": trace.duration_ms,
        "end_time_ms": trace.start_time + (trace.duration_ms or 0),
    }
    return matches(values[item.key], item)


@pytest.fixture
def fresh(tracking: Tracking) -> Callable[[], Experiment]:
    """A new experiment at each call: hypothesis shares the database among its examples."""
    return lambda: tracking.create_experiment(WS, uuid4().hex)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.tuples(traces, st.lists(spans, max_size=2, unique_by=lambda span: span.id)), min_size=1, max_size=4),
    st.lists(st.lists(conditions(), min_size=1, max_size=3), min_size=1, max_size=6),
)
def test_a_search_finds_what_the_filter_means(
    tracking: Tracking,
    fresh: Callable[[], Experiment],
    made: list[tuple[GivenTrace, list[Span]]],
    filters: list[list[Condition]],
) -> None:
    experiment = fresh()
    for trace, listed in made:
        child = [replace(span, trace_id=trace.id, parent_id="f" * 16) for span in listed]
        tracking.log_spans(WS, experiment.id, [GivenSpans(spans=child)])
        tracking.start_trace(WS, replace(trace, experiment_id=experiment.id))
    for asked in filters:
        query = TraceQuery(experiment_ids=[experiment.id], filter=tuple(asked))
        found = {trace.id for trace in tracking.search_traces(WS, query, limit=100).items}
        assert found == {trace.id for trace, listed in made if expected(trace, listed, tuple(asked))}, asked


def search(tracking: Tracking, text: str) -> int:
    return len(tracking.search_traces(WS, TraceQuery(filter=parse_filter(text, TRACES))).items)


def test_attributes_of_every_kind_are_searched_for_as_text(tracking: Tracking, experiment: Experiment) -> None:
    attributes = {"t": True, "f": False, "i": 7, "d": 1.5, "n": None, "l": [1, "x"], "o": {"k": 1}, "a.b": "dotted"}
    span = Span(trace_id="tr-1", id="1" * 16, name="s", start_ns=1, attributes=attributes)
    tracking.log_spans(WS, experiment.id, [GivenSpans(spans=[span])])
    for text in ("t = 'true'", "f = 'false'", "i = '7'", "d = '1.5'", "l LIKE '%x%'", "o LIKE '%k%'", "a.b = 'dotted'"):
        assert search(tracking, f"span.attributes.{text}") == 1, text
    for text in ("n = 'null'", "missing != 'x'", "t = '1'"):
        assert search(tracking, f"span.attributes.{text}") == 0, text
    with pytest.raises(InvalidValue, match="quotation mark"):
        search(tracking, "span.attributes.`a\"b` = 'x'")


def test_the_text_of_a_span_is_searched_unescaped(tracking: Tracking, experiment: Experiment) -> None:
    span = Span(trace_id="tr-1", id="1" * 16, name="s", start_ns=1, attributes={"mlflow.spanInputs": {"q": "größe ☃"}})
    tracking.log_spans(WS, experiment.id, [GivenSpans(spans=[span])])
    assert search(tracking, "text LIKE '%größe ☃%'") == 1
    assert search(tracking, "span.content ILIKE '%GRÖSSE%' AND span.name = 's'") == 0
    assert search(tracking, "span.content ILIKE '%GRÖẞE%'") in (0, 1)  # as the database folds it
    assert search(tracking, "trace.text ILIKE '%Q%' AND span.name = 's'") == 1


def test_an_issue_is_found_by_its_id(tracking: Tracking, experiment: Experiment) -> None:
    tracking.start_trace(WS, GivenTrace(id="tr-1", experiment_id=experiment.id, start_time=1))
    said = Assessment(id="a-1", trace_id="tr-1", name="iss-1", kind="issue", created_at=1, updated_at=1, value="Slow")
    tracking.create_assessment(WS, said)
    assert search(tracking, "issue.id = 'iss-1'") == 1
    assert search(tracking, "issue.id = 'iss-2'") == 0


def test_an_assessment_that_was_overridden_is_not_found(tracking: Tracking, experiment: Experiment) -> None:
    tracking.start_trace(WS, GivenTrace(id="tr-1", experiment_id=experiment.id, start_time=1))
    first = Assessment(id="a-1", trace_id="tr-1", name="q", kind="feedback", created_at=1, updated_at=1, value=1)
    tracking.create_assessment(WS, first)
    tracking.create_assessment(WS, replace(first, id="a-2", value=5, overrides="a-1"))
    assert search(tracking, "feedback.q < 2") == 0
    tracking.update_assessment(WS, "tr-1", "a-2", said=NewValue("feedback", 1.5))
    assert search(tracking, "feedback.q < 2") == 1
    tracking.delete_assessment(WS, "tr-1", "a-2")
    assert search(tracking, "feedback.q < 1.2") == 1
