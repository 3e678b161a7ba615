"""What the real clients trace: functions, spans, errors, feedback; and OpenTelemetry's own exporter."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import mlflow
import pytest
from mlflow.entities import AssessmentSource, Expectation, Feedback, SpanType, Trace
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.server_process import ServerProcess

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@mlflow.trace(span_type=SpanType.TOOL)
def look_up(word: str) -> dict[str, object]:
    return {"found": word, "rows": [1, None, 2.5]}


@mlflow.trace(name="answer", attributes={"color": "blue"})
def answer(question: str) -> str:
    with mlflow.start_span("ask", span_type=SpanType.CHAT_MODEL) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
        span.set_outputs({"text": "größer ☃"})
    mlflow.update_current_trace(tags={"team": "a"}, metadata={"mlflow.trace.session": "s1"})
    look_up(question)
    return "42"


@mlflow.trace
def fail() -> None:
    raise ValueError("no good")


def traces(**query: Any) -> list[Trace]:
    mlflow.flush_trace_async_logging()
    found = mlflow.search_traces(return_type="list", **query)
    assert isinstance(found, list)
    return found


@pytest.fixture(autouse=True)
def flushed(tracking: MlflowClient) -> Iterator[None]:  # noqa: ARG001 - what is queued is sent while there is a server
    yield
    mlflow.flush_trace_async_logging()


def test_a_traced_call_comes_back_as_a_tree(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        assert answer("why?") == "42"
        mlflow.flush_trace_async_logging()
        mlflow.log_metric("after", 1)
    (trace,) = traces()
    root, ask, tool = trace.data.spans
    assert [span.name for span in trace.data.spans] == ["answer", "ask", "look_up"]
    assert (root.parent_id, ask.parent_id, tool.parent_id) == (None, root.span_id, root.span_id)
    assert (ask.span_type, tool.span_type, root.attributes["color"]) == ("CHAT_MODEL", "TOOL", "blue")
    assert (root.inputs, root.outputs, ask.outputs) == ({"question": "why?"}, "42", {"text": "größer ☃"})
    assert tool.outputs == {"found": "why?", "rows": [1, None, 2.5]}
    info = trace.info
    assert (info.state.value, info.tags["team"], info.tags["mlflow.traceName"]) == ("OK", "a", "answer")
    assert info.trace_metadata["mlflow.sourceRun"] == run.info.run_id
    assert info.token_usage == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    assert mlflow.get_trace(info.trace_id).to_dict() == trace.to_dict()
    assert tracking.get_run(run.info.run_id).data.metrics == {"after": 1.0}


def test_an_exception_is_an_event_of_its_span() -> None:
    with pytest.raises(ValueError, match="no good"):
        fail()
    (trace,) = traces(filter_string="status = 'ERROR'")
    (span,) = trace.data.spans
    assert (span.status.status_code, span.status.description) == ("ERROR", "ValueError: no good")
    (event,) = span.events
    assert event.attributes["exception.message"] == "no good"
    assert "Traceback" in str(event.attributes["exception.stacktrace"])


def test_searches_that_clients_make(tracking: MlflowClient) -> None:
    with mlflow.start_run() as run:
        answer("one")
    answer("two")
    mlflow.flush_trace_async_logging()
    whole = traces()
    assert [trace.data.spans[0].inputs["question"] for trace in whole] == ["two", "one"]
    one = whole[1].info.trace_id
    for text, count in (
        ("tags.team = 'a'", 2),
        ("name = 'answer' AND execution_time_ms >= 0", 2),
        ("span.type = 'TOOL' AND span.name LIKE 'look%'", 2),
        ("span.attributes.color = 'blue'", 2),
        ("trace.text LIKE '%größer ☃%'", 2),
        ("metadata.mlflow.trace.session = 's1'", 2),
        ("request_id = 'none'", 0),
        (f"trace.run_id = '{run.info.run_id}'", 1),
        ("feedback.good IS NULL", 2),
    ):
        assert len(traces(filter_string=text)) == count, text
    assert [item.info.trace_id for item in traces(run_id=run.info.run_id)] == [one]
    assert len(traces(max_results=1, order_by=["timestamp_ms ASC"])) == 1
    frame = mlflow.search_traces()
    assert set(frame["trace_id"]) == {trace.info.trace_id for trace in whole}
    with pytest.raises(MlflowException, match="Invalid attribute key"):
        traces(filter_string="nothing = 'x'")
    tracking.link_traces_to_run([whole[0].info.trace_id], run.info.run_id)
    assert len(traces(run_id=run.info.run_id)) == 2


def test_what_people_and_judges_say() -> None:
    answer("why?")
    (trace,) = traces()
    trace_id = trace.info.trace_id
    source = AssessmentSource(source_type="HUMAN", source_id="ada")
    good = mlflow.log_feedback(trace_id=trace_id, name="good", value=True, rationale="so", source=source)
    want = mlflow.log_expectation(trace_id=trace_id, name="want", value={"a": [1, None]}, metadata={"k": "v"})
    assert good.assessment_id
    assert want.assessment_id
    kept = mlflow.get_assessment(trace_id, want.assessment_id)
    assert isinstance(kept, Expectation)
    assert kept.value == {"a": [1, None]}
    changed = mlflow.update_assessment(trace_id, good.assessment_id, Feedback(name="good", value=0.3))
    assert isinstance(changed, Feedback)
    assert (changed.value, changed.rationale, changed.source.source_id) == (0.3, "so", "ada")
    over = mlflow.override_feedback(trace_id=trace_id, assessment_id=good.assessment_id, value=0.9)
    assert over.assessment_id

    said = mlflow.get_trace(trace_id).info.assessments
    # Clients do not read whether an expectation is valid.
    assert [(item.name, item.value) for item in said] == [("good", 0.3), ("want", {"a": [1, None]}), ("good", 0.9)]
    assert [item.valid for item in said if item.name == "good"] == [False, True]
    assert len(traces(filter_string="feedback.good > 0.5")) == 1
    mlflow.delete_assessment(trace_id, over.assessment_id)
    assert len(traces(filter_string="feedback.good > 0.5")) == 0
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_assessment(trace_id, over.assessment_id)


def test_tags_and_deletion(tracking: MlflowClient) -> None:
    for word in ("one", "two", "three"):
        answer(word)
    newest, middle, _ = traces()
    mlflow.set_trace_tag(newest.info.trace_id, "x", "y")
    mlflow.delete_trace_tag(newest.info.trace_id, "team")
    tags = mlflow.get_trace(newest.info.trace_id).info.tags
    assert tags["x"] == "y"
    assert "team" not in tags
    experiment_id = str(newest.info.experiment_id)
    assert tracking.delete_traces(experiment_id, trace_ids=[newest.info.trace_id]) == 1
    assert tracking.delete_traces(experiment_id, max_timestamp_millis=middle.info.timestamp_ms) == 2
    assert traces() == []
    assert mlflow.get_trace(newest.info.trace_id) is None


def test_prompts_that_a_trace_used_are_linked_to_it() -> None:
    mlflow.genai.register_prompt(name="ask", template="Say {{word}}!")

    @mlflow.trace
    def prompted() -> str:
        return str(mlflow.genai.load_prompt("prompts:/ask/1").format(word="hello"))

    assert prompted() == "Say hello!"
    assert len(traces(filter_string="prompt = 'ask/1'")) == 1


def api(uri: str, server: ServerProcess, path: str) -> Any:
    base = uri.replace("/workspaces/", "/api/v1/workspaces/")
    request = urllib.request.Request(  # noqa: S310 - our own URL
        f"{base}{path}", headers={"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answered:  # noqa: S310
        return json.load(answered)


def test_the_studio_reads_what_mlflow_traced(tracking_uri: str, server: ServerProcess) -> None:
    answer("why?")
    mlflow.flush_trace_async_logging()
    (trace,) = api(tracking_uri, server, "/traces?experiment=tests")["items"]
    assert (trace["name"], trace["request_preview"]) == ("answer", '{"question": "why?"}')
    root, ask, tool = api(tracking_uri, server, f"/traces/{trace['id']}")["spans"]
    assert (ask["parent_id"], tool["type"], tool["inputs"]) == (root["id"], "TOOL", {"word": "why?"})
    assert root["start_ns"] <= ask["start_ns"] <= ask["end_ns"] <= root["end_ns"]


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_opentelemetrys_exporter_sends_spans(
    tracking: MlflowClient, tracking_uri: str, server: ServerProcess, compression: Compression
) -> None:
    experiment = tracking.get_experiment_by_name("tests")
    assert experiment is not None
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    headers = {"Authorization": f"Bearer {server.token}", "x-mlflow-experiment-id": experiment.experiment_id}
    exporter = OTLPSpanExporter(endpoint=f"{tracking_uri}/v1/traces", headers=headers, compression=compression)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("chat", attributes={"gen_ai.operation.name": "chat"}) as span:
        span.set_attributes({"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4, "list": [1, 2]})
        with tracer.start_as_current_span("inner"):
            pass
    provider.shutdown()
    (trace,) = traces(filter_string="tags.`service.name` = 'shop' AND span.type = 'CHAT_MODEL'")
    assert [span.name for span in trace.data.spans] == ["chat", "inner"]
    assert trace.data.spans[0].attributes["list"] == [1, 2]
    assert trace.info.token_usage == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
