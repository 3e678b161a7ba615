"""Traces in the store, on every database: made by spans or by themselves, in any order, once or twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zaffre.core.entities import Experiment
from zaffre.core.errors import InvalidName, InvalidValue, NotFound, StateConflict
from zaffre.core.filters import parse_filter, parse_order_by
from zaffre.core.trace_filters import TRACES
from zaffre.core.traces import Assessment, Span, SpanEvent, SpanLink, Trace
from zaffre.core.wire import RunCreate
from zaffre.server.store.trace_search import TraceQuery
from zaffre.server.tracking.traces import GivenSpans, GivenTrace
from zaffre.server.tracking.tracking import Tracking

WS = "default"
START = 1_700_000_000_000  # ms
NS = START * 1_000_000


def trace_id(number: int) -> str:
    return f"tr-{number:032x}"


def span(trace: int, number: int, parent: int | None = None, **fields: Any) -> Span:
    given = {"name": f"span {number}", "start_ns": NS + number * 1_000_000, "end_ns": NS + 100_000_000, **fields}
    return Span(
        trace_id=trace_id(trace),
        id=f"{number:016x}",
        parent_id=None if parent is None else f"{parent:016x}",
        **given,
    )


def given(number: int, experiment: Experiment, **fields: Any) -> GivenTrace:
    values = {"start_time": START, "status": "OK", "duration_ms": 7, **fields}
    return GivenTrace(id=trace_id(number), experiment_id=experiment.id, **values)


def log(tracking: Tracking, experiment: Experiment, *spans: Span, **tags: str) -> None:
    tracking.log_spans(WS, experiment.id, [GivenSpans(spans=spans, tags=tags)])


def found(tracking: Tracking, text: str = "", *order: str, **query: Any) -> list[str]:
    asked = TraceQuery(filter=parse_filter(text, TRACES), order=parse_order_by(order, TRACES), **query)
    return [trace.id for trace in tracking.search_traces(WS, asked).items]


def test_spans_come_back_as_they_were(tracking: Tracking, experiment: Experiment) -> None:
    root = span(
        1,
        1,
        status="ERROR",
        status_message="it broke",
        kind=3,
        attributes={"text": "grüße \u2603", "none": None, "list": [1, 2.5, {"a": True}], "big": 2**62},
        events=[SpanEvent(name="exception", timestamp_ns=NS + 5, attributes={"exception.type": "ValueError"})],
        links=[SpanLink(trace_id=trace_id(9), span_id="2" * 16, attributes={"why": "again"})],
    )
    late, early = span(1, 3, 1), span(1, 2, 1)
    log(tracking, experiment, late, early, root)
    ((trace, spans),) = tracking.get_traces_with_spans(WS, [trace_id(1), "tr-unknown"])
    assert spans == [root, early, late]
    assert (trace.status, trace.name, trace.experiment_name) == ("ERROR", "span 1", "churn")
    assert (trace.start_time, trace.duration_ms) == (START + 1, 99)


def test_a_span_that_is_sent_again_takes_the_place_of_itself(tracking: Tracking, experiment: Experiment) -> None:
    log(tracking, experiment, span(1, 1, end_ns=None))
    assert tracking.get_trace(WS, trace_id(1)).status == "IN_PROGRESS"
    for _ in range(2):
        log(tracking, experiment, span(1, 1, name="ended", status="OK"))
    ((trace, spans),) = tracking.get_traces_with_spans(WS, [trace_id(1)])
    assert [item.name for item in spans] == ["ended"]
    assert trace.status == "OK"


@pytest.mark.parametrize("spans_first", [True, False])
def test_a_trace_is_the_same_whichever_part_comes_first(
    tracking: Tracking, experiment: Experiment, spans_first: bool
) -> None:
    whole = given(1, experiment, tags={"mlflow.traceName": "mine", "a": "b"}, metadata={"k": "v"}, request_preview="q")
    for what in ("spans", "trace") if spans_first else ("trace", "spans"):
        for _ in range(2):
            if what == "trace":
                tracking.start_trace(WS, whole)
            else:
                log(tracking, experiment, span(1, 1, attributes={"mlflow.spanInputs": "other"}), service="shop")
    trace = tracking.get_trace(WS, trace_id(1))
    assert (trace.start_time, trace.duration_ms, trace.status) == (START, 7, "OK")
    assert (trace.name, trace.request_preview, trace.metadata) == ("mine", "q", {"k": "v"})
    assert trace.tags == {
        "mlflow.artifactLocation": f"mlflow-artifacts:/{experiment.id}/traces/{trace_id(1)}/artifacts",
        "mlflow.trace.spansLocation": "TRACKING_STORE",
        "mlflow.traceName": "mine",
        "a": "b",
        "service": "shop",
    }


def test_assessments_that_come_with_a_trace_are_added_once(tracking: Tracking, experiment: Experiment) -> None:
    said = Assessment(
        id="a-1", trace_id=trace_id(1), name="good", kind="feedback", created_at=1, updated_at=2, value=[1, None]
    )
    for _ in range(2):
        tracking.start_trace(WS, given(1, experiment, assessments=[said]))
    assert tracking.get_trace(WS, trace_id(1)).assessments == [said]


def test_tokens_are_added_up_over_batches_and_not_twice(tracking: Tracking, experiment: Experiment) -> None:
    usage = {"mlflow.chat.tokenUsage": {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}}
    log(tracking, experiment, span(1, 3, 2, attributes=usage), span(1, 4, 2, attributes=usage))
    log(tracking, experiment, span(1, 4, 2, attributes=usage))
    trace = tracking.get_trace(WS, trace_id(1))
    assert trace.metadata["mlflow.trace.tokenUsage"] == '{"input_tokens": 4, "output_tokens": 6, "total_tokens": 10}'
    # The parent says what its children used, too.
    log(tracking, experiment, span(1, 2, 1, attributes=usage), span(1, 1))
    trace = tracking.get_trace(WS, trace_id(1))
    assert trace.metadata["mlflow.trace.tokenUsage"] == '{"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}'


def test_what_the_client_says_of_tokens_stays(tracking: Tracking, experiment: Experiment) -> None:
    own = '{"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}'
    tracking.start_trace(WS, given(1, experiment, metadata={"mlflow.trace.tokenUsage": own}))
    log(tracking, experiment, span(1, 1, attributes={"mlflow.chat.tokenUsage": {"input_tokens": 9}}))
    assert tracking.get_trace(WS, trace_id(1)).metadata["mlflow.trace.tokenUsage"] == own


def test_a_root_span_brings_tags_session_and_previews(tracking: Tracking, experiment: Experiment) -> None:
    chat = {"messages": [{"role": "user", "content": "one"}, {"role": "user", "content": [{"text": "last"}, {}]}]}
    answer = {"choices": [{"message": {"role": "assistant", "content": "said"}}]}
    attributes = {
        "mlflow.spanInputs": chat,
        "mlflow.spanOutputs": answer,
        "mlflow.traceTag.team": "blue",
        "mlflow.traceTag.mlflow.traceName": "told",
        "session.id": "s-1",
        "user.id": 7,
    }
    log(tracking, experiment, span(1, 1, attributes=attributes))
    trace = tracking.get_trace(WS, trace_id(1))
    assert (trace.request_preview, trace.response_preview, trace.name) == ("last", "said", "told")
    assert trace.tags["team"] == "blue"
    assert trace.metadata == {"mlflow.trace.session": "s-1", "mlflow.trace.user": "7"}


def test_a_long_preview_is_cut(tracking: Tracking, experiment: Experiment) -> None:
    log(tracking, experiment, span(1, 1, attributes={"mlflow.spanInputs": "x" * 5000}))
    preview = tracking.get_trace(WS, trace_id(1)).request_preview
    assert preview == "x" * 997 + "..."


def test_all_spans_of_a_request_are_recorded_or_none(tracking: Tracking, experiment: Experiment) -> None:
    with pytest.raises(NotFound, match="Run"):
        tracking.log_spans(WS, experiment.id, [GivenSpans(spans=[span(1, 1)])], run_id="unknown")
    with pytest.raises(NotFound, match="Experiment"):
        tracking.log_spans(WS, 99, [GivenSpans(spans=[span(1, 1)])])
    bad = replace(span(2, 1), trace_id="../up")
    with pytest.raises(InvalidValue, match="Invalid trace ID"):
        log(tracking, experiment, span(1, 1), bad)
    assert found(tracking) == []


def test_nothing_is_traced_in_a_deleted_experiment(tracking: Tracking, experiment: Experiment) -> None:
    tracking.start_trace(WS, given(1, experiment))
    tracking.update_experiment(WS, experiment.id, archived=True)
    with pytest.raises(StateConflict, match="deleted"):
        tracking.start_trace(WS, given(2, experiment))
    with pytest.raises(StateConflict, match="deleted"):
        log(tracking, experiment, span(2, 1))


def test_workspaces_share_no_trace(tracking: Tracking, experiment: Experiment) -> None:
    elsewhere = tracking.create_experiment("other", "churn")
    tracking.start_trace(WS, given(1, experiment))
    tracking.start_trace("other", replace(given(1, elsewhere, status="ERROR"), experiment_id=elsewhere.id))
    assert tracking.get_trace(WS, trace_id(1)).status == "OK"
    assert tracking.get_trace("other", trace_id(1)).status == "ERROR"
    with pytest.raises(NotFound):
        tracking.start_trace("other", given(2, experiment))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"status": "FINE"}, InvalidValue),
        ({"tags": {"k" * 251: "v"}}, InvalidName),
        ({"tags": {"": "v"}}, InvalidName),
        ({"metadata": {"k" * 251: "v"}}, InvalidName),
        ({"tags": {"mlflow.traceName": "n" * 4097}}, InvalidName),
    ],
)
def test_what_no_trace_may_have(
    tracking: Tracking, experiment: Experiment, fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        tracking.start_trace(WS, given(1, experiment, **fields))
    assert found(tracking) == []


def test_tags_are_set_changed_and_removed(tracking: Tracking, experiment: Experiment) -> None:
    tracking.start_trace(WS, given(1, experiment))
    for value in ("1", "2"):
        tracking.set_trace_tag(WS, trace_id(1), "a", value)
    tracking.set_trace_tag(WS, trace_id(1), "mlflow.traceName", "new")
    trace = tracking.get_trace(WS, trace_id(1))
    assert (trace.tags["a"], trace.name) == ("2", "new")
    for key in ("a", "mlflow.traceName"):
        tracking.delete_trace_tag(WS, trace_id(1), key)
        with pytest.raises(NotFound, match="No trace tag"):
            tracking.delete_trace_tag(WS, trace_id(1), key)
    assert tracking.get_trace(WS, trace_id(1)).name is None
    kept = "mlflow.trace.spansLocation"
    with pytest.raises(InvalidValue, match="immutable"):
        tracking.set_trace_tag(WS, trace_id(1), kept, "x")
    with pytest.raises(InvalidValue, match="immutable"):
        tracking.delete_trace_tag(WS, trace_id(1), kept)
    with pytest.raises(NotFound, match="Trace with ID"):
        tracking.set_trace_tag(WS, "tr-unknown", "a", "b")


def test_a_trace_is_of_the_run_it_was_made_in_and_of_those_it_was_linked_to(
    tracking: Tracking, experiment: Experiment
) -> None:
    made, linked = (tracking.create_run(WS, experiment.id, RunCreate()).id for _ in range(2))
    tracking.start_trace(WS, given(1, experiment, metadata={"mlflow.sourceRun": made}))
    tracking.start_trace(WS, given(2, experiment))
    for _ in range(2):
        tracking.link_traces(WS, [trace_id(1), trace_id(2), "tr-unknown"], linked)
    assert tracking.get_trace(WS, trace_id(1)).run_ids == [made, linked]
    assert found(tracking, f"run_id = '{made}'") == [trace_id(1)]
    assert found(tracking, f"metadata.mlflow.sourceRun = '{linked}'") == [trace_id(1), trace_id(2)]
    assert found(tracking, run_id=linked) == [trace_id(1), trace_id(2)]
    assert found(tracking, f"run_id != '{made}'") == []
    with pytest.raises(InvalidValue, match="more than 100"):
        tracking.link_traces(WS, ["tr-1"] * 101, linked)
    with pytest.raises(NotFound):
        tracking.link_traces(WS, [trace_id(1)], "unknown")


def test_prompts_are_linked_once(tracking: Tracking, experiment: Experiment) -> None:
    tracking.start_trace(WS, given(1, experiment))
    for _ in range(2):
        tracking.link_prompts(WS, trace_id(1), [("hello", "2"), ("bye", "1")])
    assert tracking.get_trace(WS, trace_id(1)).prompts == ["bye/1", "hello/2"]
    assert found(tracking, "prompt = 'hello/2'") == [trace_id(1)]
    assert found(tracking, "prompt = 'hello/1'") == []
    with pytest.raises(InvalidValue, match="name and version"):
        found(tracking, "prompt = 'hello'")


def test_traces_are_deleted_by_time_the_oldest_first_and_by_id(tracking: Tracking, experiment: Experiment) -> None:
    for number in range(5):
        tracking.start_trace(WS, given(number, experiment, start_time=START + number))
        log(tracking, experiment, span(number, 1))
    assert tracking.delete_traces(WS, experiment.id, until=START + 3, limit=2) == [trace_id(0), trace_id(1)]
    assert tracking.delete_traces(WS, experiment.id, until=START + 2) == [trace_id(2)]
    assert tracking.delete_traces(WS, experiment.id, ids=[trace_id(4), "tr-unknown"]) == [trace_id(4)]
    assert found(tracking) == [trace_id(3)]
    log(tracking, experiment, span(4, 2))  # what is sent later makes it again, without what was deleted
    ((_, spans),) = tracking.get_traces_with_spans(WS, [trace_id(4)])
    assert [item.id for item in spans] == [f"{2:016x}"]


@pytest.mark.parametrize(
    "asked",
    [{}, {"until": 1, "ids": ["tr-1"]}, {"ids": ["tr-1"], "limit": 1}, {"until": 1, "limit": 0}],
)
def test_what_is_to_be_deleted_is_named_one_way(
    tracking: Tracking, experiment: Experiment, asked: dict[str, Any]
) -> None:
    with pytest.raises(InvalidValue):
        tracking.delete_traces(WS, experiment.id, **asked)


def test_an_old_client_begins_and_ends_a_trace(tracking: Tracking, experiment: Experiment) -> None:
    begun = tracking.begin_trace(WS, given(0, experiment, tags={"a": "1"}, metadata={"m": "1"}))
    assert (begun.status, begun.duration_ms) == ("IN_PROGRESS", 7 if begun.duration_ms else None)
    ended = tracking.end_trace(
        WS, begun.id, end_time=START + 250, status="ERROR", tags={"b": "2"}, metadata={"mlflow.sourceRun": "r"}
    )
    assert (ended.status, ended.duration_ms, ended.run_ids) == ("ERROR", 250, ["r"])
    assert {"a": "1", "b": "2"}.items() <= ended.tags.items()


def test_pages_follow_one_another(tracking: Tracking, experiment: Experiment) -> None:
    for number in range(7):
        tracking.start_trace(WS, given(number, experiment, start_time=START + number // 2, duration_ms=None))
    for order in ((), ("execution_time",), ("tags.none DESC", "timestamp"), ("name",), ("request_id DESC",)):
        query = TraceQuery(experiment_ids=[experiment.id], order=parse_order_by(order, TRACES))
        seen: list[Trace] = []
        after = None
        while True:
            page = tracking.search_traces(WS, query, limit=2, after=after)
            seen += page.items
            if page.next is None:
                break
            after = page.next
        whole = tracking.search_traces(WS, query, limit=100).items
        assert seen == whole
        assert len({trace.id for trace in seen}) == 7
    with pytest.raises(InvalidValue, match="page token"):
        tracking.search_traces(WS, TraceQuery(), limit=2, after="nonsense")
