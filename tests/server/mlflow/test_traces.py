"""Traces over MLflow's protocol: bytes in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import Door
from zaffre.core.errors import InvalidValue
from zaffre.server.mlflow.proto_times import duration, duration_text, moment, moment_text

V3 = "/api/3.0/mlflow/traces"
TIME = "2026-01-31T12:30:00.250Z"


class Traces:
    """The calls about traces, in an experiment of the test's own."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.experiment = door.experiment(f"traces {uuid4().hex}")

    def call(self, method: str, at: str, body: object = None, /, *, status: int = 200, **query: Any) -> Any:
        answer = self.door.http.request(method, at, json=body, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def start(self, trace_id: str | None = None, status: int = 200, **fields: Any) -> Any:
        location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment}}
        info = {
            "trace_id": f"tr-{uuid4().hex}" if trace_id is None else trace_id,
            "trace_location": location,
            "request_time": TIME,
            "execution_duration": "1.500s",
            "state": "OK",
            **fields,
        }
        return self.call("POST", V3, {"trace": {"trace_info": info}}, status=status)

    def made(self, **fields: Any) -> str:
        return str(self.start(**fields)["trace"]["trace_info"]["trace_id"])

    def info(self, trace_id: str) -> Any:
        return self.call("GET", f"{V3}/{trace_id}")["trace"]["trace_info"]

    def send(self, *spans: dict[str, Any], status: int = 200, **headers: str) -> Any:
        body = {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}
        answer = self.door.http.post(
            "/v1/traces", json=body, headers={"x-mlflow-experiment-id": self.experiment, **headers}
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def search(self, text: str = "", **fields: Any) -> list[str]:
        location = {"mlflow_experiment": {"experiment_id": self.experiment}}
        found = self.call("POST", f"{V3}/search", {"locations": [location], "filter": text, **fields})
        return [item["trace_id"] for item in found.get("traces", [])]

    def assess(self, trace_id: str, status: int = 200, **fields: Any) -> Any:
        given = {"assessment_name": "q", "source": {"source_type": "HUMAN", "source_id": "me"}, **fields}
        answer = self.call("POST", f"{V3}/{trace_id}/assessments", {"assessment": given}, status=status)
        return answer.get("assessment", answer)


def span(trace: str, number: int, parent: int | None = None, **fields: Any) -> dict[str, Any]:
    given = {
        "traceId": trace.removeprefix("tr-"),
        "spanId": f"{number:016x}",
        "name": f"s{number}",
        "startTimeUnixNano": str(1_769_862_600_000_000_000 + number),
        "endTimeUnixNano": "1769862601000000000",
    }
    return {**given, **({} if parent is None else {"parentSpanId": f"{parent:016x}"}), **fields}


@pytest.fixture
def traces(door: Door) -> Traces:
    return Traces(door)


def test_a_trace_is_answered_as_it_was_sent(traces: Traces) -> None:
    said = {"assessment_name": "ok", "feedback": {"value": True}, "source": {"source_type": "CODE", "source_id": "x"}}
    sent: dict[str, Any] = {
        "client_request_id": "c-1",
        "request_preview": "in",
        "response_preview": "out",
        "trace_metadata": {"mlflow.user": "me"},
        "tags": {"mlflow.traceName": "f", "team": "blue"},
        "assessments": [said],
    }
    trace_id = f"tr-{uuid4().hex}"
    for _ in range(2):  # clients send it again when they hear nothing
        answer = traces.start(trace_id, **sent)["trace"]["trace_info"]
    assert answer == traces.info(trace_id)
    (kept,) = answer.pop("assessments")
    assert (kept["assessment_name"], kept["feedback"], kept["valid"]) == ("ok", {"value": True}, True)
    location = answer["tags"].pop("mlflow.artifactLocation")
    assert location == f"mlflow-artifacts:/{traces.experiment}/traces/{trace_id}/artifacts"
    assert answer == {
        "trace_id": trace_id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": traces.experiment},
        },
        "request_time": TIME,
        "execution_duration": "1.500s",
        "state": "OK",
        **{key: value for key, value in sent.items() if key != "assessments"},
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"trace_location": None}, "trace_location"),
        ({"request_time": None}, "request_time"),
        ({"request_time": "yesterday"}, "is not a time"),
        ({"execution_duration": "1.5"}, "is not a duration"),
        ({"state": "FINE"}, "Invalid value 'FINE' for parameter 'state'"),
        ({"trace_id": "../up"}, "Invalid trace ID"),
        ({"trace_id": ""}, "trace_id"),
        ({"tags": {"k" * 251: "v"}}, "250"),
        ({"tags": {"k": 5}}, "tags"),
        ({"assessments": [{"assessment_name": "x"}]}, "one of feedback, expectation and issue"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_reason(traces: Traces, fields: dict[str, Any], code: str) -> None:
    answer = traces.start(status=400, **fields)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert code in answer["message"]


def test_a_trace_in_an_unknown_experiment_is_not_found(traces: Traces) -> None:
    location = {"mlflow_experiment": {"experiment_id": "987654"}}
    assert traces.start(status=404, trace_location=location)["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert traces.call("GET", f"{V3}/tr-none", status=404)["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_spans_are_answered_as_opentelemetry_has_them(traces: Traces) -> None:
    trace_id = traces.made()
    values: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"stringValue": "ü"}, {"string_value": "ü"}),
        ({"intValue": "7"}, {"int_value": 7}),
        ({"doubleValue": 1.0}, {"double_value": 1.0}),
        ({"boolValue": False}, {"bool_value": False}),
        ({"arrayValue": {"values": [{"intValue": 1}, {}]}}, {"array_value": {"values": [{"int_value": 1}, {}]}}),
        (
            {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}},
            {"kvlist_value": {"values": [{"key": "k", "value": {"string_value": "v"}}]}},
        ),
    ]
    attributes = [{"key": str(at), "value": given} for at, (given, _) in enumerate(values)]
    event = {"name": "e", "timeUnixNano": "1769862600000000009", "attributes": attributes[:1]}
    link = {"traceId": "a" * 32, "spanId": "b" * 16}
    status = {"code": 2, "message": "no"}
    traces.send(span(trace_id, 1, attributes=attributes, events=[event], links=[link], status=status, kind=3))
    (answer,) = traces.call("GET", f"{V3}/batchGet", trace_ids=[trace_id, "tr-none"])["traces"]
    (sent,) = answer["spans"]
    assert sent["span_id"] == "AAAAAAAAAAE="
    assert sent["start_time_unix_nano"] == 1_769_862_600_000_000_001
    assert sent["status"] == {"code": "STATUS_CODE_ERROR", "message": "no"}
    assert [pair["value"] for pair in sent["attributes"]] == [wanted for _, wanted in values]
    assert (sent["events"][0]["name"], sent["events"][0]["time_unix_nano"]) == ("e", 1_769_862_600_000_000_009)
    assert sent["links"] == [{"trace_id": "qqqqqqqqqqqqqqqqqqqqqg==", "span_id": "u7u7u7u7u7s="}]
    assert answer["trace_info"]["tags"]["mlflow.trace.spansLocation"] == "TRACKING_STORE"


def test_a_trace_is_got_whole_unless_a_part_is_welcome(traces: Traces) -> None:
    trace_id = traces.made(trace_metadata={"mlflow.trace.sizeStats": json.dumps({"num_spans": 2})})
    refused = traces.call("GET", f"{V3}/get", status=404, trace_id=trace_id)
    assert "not in the tracking store" in refused["message"]
    traces.send(span(trace_id, 1))
    refused = traces.call("GET", f"{V3}/get", status=404, trace_id=trace_id)
    assert "not fully exported yet" in refused["message"]
    assert traces.call("GET", f"{V3}/batchGet", trace_ids=[trace_id]) == {}
    part = traces.call("GET", f"{V3}/get", trace_id=trace_id, allow_partial="true")
    assert len(part["trace"]["spans"]) == 1
    traces.send(span(trace_id, 2, 1))
    assert len(traces.call("GET", f"{V3}/get", trace_id=trace_id)["trace"]["spans"]) == 2


def test_many_infos_are_got_at_once(traces: Traces) -> None:
    ids = [traces.made() for _ in range(3)]
    path = f"{V3}/batchGetInfos"
    found = traces.call("POST", path, {"trace_ids": [ids[2], "tr-none", ids[0]]})["trace_infos"]
    assert [item["trace_id"] for item in found] == [ids[2], ids[0]]
    assert traces.call("POST", path, {"trace_ids": ids, "experiment_ids": ["0"]}) == {}
    assert "trace_ids" in traces.call("POST", path, {"trace_ids": []}, status=400)["message"]
    assert "500" in traces.call("POST", path, {"trace_ids": ["x"] * 501}, status=400)["message"]


def test_a_search_pages_and_refuses_what_it_must(traces: Traces) -> None:
    ids = [traces.made(request_time=f"2026-01-31T12:30:0{at}Z") for at in range(3)]
    assert traces.search() == ids[::-1]
    assert traces.search(order_by=["timestamp_ms ASC"], max_results=2) == ids[:2]
    body = {"locations": [{"mlflow_experiment": {"experiment_id": traces.experiment}}], "max_results": 2}
    first = traces.call("POST", f"{V3}/search", body)
    rest = traces.call("POST", f"{V3}/search", {**body, "page_token": first["next_page_token"]})
    assert [item["trace_id"] for item in rest["traces"]] == ids[:1]
    assert "next_page_token" not in rest
    refusals: list[dict[str, Any]] = [
        {"max_results": 501},
        {"max_results": 0},
        {"filter": "x ="},
        {"page_token": "!"},
        {"locations": []},
    ]
    for wrong in refusals:
        refused = traces.call("POST", f"{V3}/search", {**body, **wrong}, status=400)
        assert refused["error_code"] == "INVALID_PARAMETER_VALUE"


def test_tags_of_a_trace(traces: Traces) -> None:
    trace_id = traces.made()
    for path in (f"{V3}/{trace_id}/tags", f"/api/2.0/mlflow/traces/{trace_id}/tags"):
        assert traces.call("PATCH", path, {"key": "a", "value": "v" * 9000}) == {}
        assert len(traces.info(trace_id)["tags"]["a"]) == 8000
        assert traces.call("DELETE", path, {"key": "a"}) == {}
        assert traces.call("DELETE", path, {"key": "a"}, status=404)["error_code"] == "RESOURCE_DOES_NOT_EXIST"
        assert "immutable" in traces.call("PATCH", path, {"key": "mlflow.trace.spansLocation"}, status=400)["message"]
        assert "key" in traces.call("PATCH", path, {}, status=400)["message"]


def test_traces_are_deleted_with_their_files(traces: Traces) -> None:
    trace_id = traces.made()
    file = f"/api/2.0/mlflow-artifacts/artifacts/{traces.experiment}/traces/{trace_id}/artifacts/traces.json"
    assert traces.door.http.put(file, content=b'{"spans": []}').status_code == 200
    assert traces.door.http.get(file).content == b'{"spans": []}'
    artifact = "/ajax-api/2.0/mlflow/get-trace-artifact"
    assert traces.call("GET", artifact, request_id=trace_id) == {"spans": []}
    delete = f"{V3}/delete-traces"
    body = {"experiment_id": traces.experiment, "request_ids": [trace_id]}
    assert traces.call("POST", delete, body) == {"traces_deleted": 1}
    assert traces.call("POST", delete, body) == {"traces_deleted": 0}
    assert traces.door.http.get(file).status_code == 404
    assert traces.call("GET", artifact, status=404, request_id=trace_id)["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    traces.made(trace_id=trace_id)
    assert traces.door.http.get(file).status_code == 404
    wrong = {"experiment_id": traces.experiment}
    assert traces.call("POST", delete, wrong, status=400)["error_code"] == "INVALID_PARAMETER_VALUE"
    assert traces.call("POST", delete, {**wrong, "max_timestamp_millis": 2**62}) == {"traces_deleted": 1}


def test_a_traces_files_lie_in_its_experiment_and_are_no_model(traces: Traces) -> None:
    trace_id = traces.made()
    base = "/api/2.0/mlflow-artifacts/artifacts"
    for path in (f"0/traces/{trace_id}/artifacts/x", f"{traces.experiment}/traces/tr-none/artifacts/x"):
        assert traces.door.http.put(f"{base}/{path}", content=b"x").status_code == 404
    source = f"mlflow-artifacts:/{traces.experiment}/traces/{trace_id}/artifacts/model"
    name = f"m{uuid4().hex}"
    traces.door.post("registered-models/create", {"name": name})
    refused = traces.door.post("model-versions/create", {"name": name, "source": source}, status=400)
    assert "files of a trace" in refused["message"]


def test_the_file_of_spans_is_made_from_the_store(traces: Traces) -> None:
    trace_id = traces.made()
    attribute = {"key": "mlflow.spanInputs", "value": {"kvlistValue": {"values": []}}}
    traces.send(span(trace_id, 1, attributes=[attribute]), span(trace_id, 2, 1))
    artifact = "/ajax-api/2.0/mlflow/get-trace-artifact"
    root, child = traces.call("GET", artifact, request_id=trace_id)["spans"]
    assert (root["name"], root["attributes"], root["parent_span_id"]) == ("s1", {"mlflow.spanInputs": "{}"}, None)
    assert child["parent_span_id"] == root["span_id"]
    assert "request_id" in traces.call("GET", artifact, status=400)["message"]
    for path in ("../x", "%2e%2e/x", "a/../../x"):
        traces.call("GET", artifact, status=400, request_id=trace_id, path=path)


def test_links_to_runs_and_prompts(traces: Traces) -> None:
    trace_id, run_id = traces.made(), traces.door.run(traces.experiment)
    link = "/api/2.0/mlflow/traces/link-to-run"
    assert traces.call("POST", link, {"trace_ids": [trace_id], "run_id": run_id}) == {}
    assert traces.search(f"run_id = '{run_id}'") == [trace_id]
    traces.call("POST", link, {"trace_ids": ["x"] * 101, "run_id": run_id}, status=400)
    traces.call("POST", link, {"trace_ids": [trace_id], "run_id": "none"}, status=404)
    traces.call("POST", link, {"trace_ids": [], "run_id": run_id}, status=400)
    prompts = "/api/2.0/mlflow/traces/link-prompts"
    named = [{"name": "hello", "version": "2"}]
    assert traces.call("POST", prompts, {"trace_id": trace_id, "prompt_versions": named}) == {}
    assert traces.search("prompt = 'hello/2'") == [trace_id]
    traces.call("POST", prompts, {"trace_id": trace_id, "prompt_versions": []}, status=400)
    traces.call("POST", prompts, {"trace_id": "tr-none", "prompt_versions": named}, status=404)


def test_old_clients_begin_end_find_and_read_traces(traces: Traces) -> None:
    old = "/api/2.0/mlflow/traces"
    pair = [{"key": "a", "value": "1"}]
    begun = traces.call(
        "POST",
        old,
        {"experiment_id": traces.experiment, "timestamp_ms": 1000, "tags": pair, "request_metadata": pair},
    )["trace_info"]
    assert (begun["status"], begun["timestamp_ms"]) == ("IN_PROGRESS", 1000)
    trace_id = begun["request_id"]
    ended = traces.call("PATCH", f"{old}/{trace_id}", {"timestamp_ms": 1250, "status": "ERROR", "tags": pair})
    assert traces.call("GET", f"{old}/{trace_id}/info") == ended
    assert (ended["trace_info"]["execution_time_ms"], ended["trace_info"]["status"]) == (250, "ERROR")
    found = traces.call("GET", old, experiment_ids=[traces.experiment], filter="status = 'ERROR'", max_results=5)
    assert found["traces"] == [ended["trace_info"]]
    traces.call("PATCH", f"{old}/none", {"timestamp_ms": 1, "status": "OK"}, status=404)
    traces.call("PATCH", f"{old}/{trace_id}", {"timestamp_ms": 1, "status": "DONE"}, status=400)


def test_assessments_are_made_read_changed_and_deleted(traces: Traces) -> None:
    trace_id = traces.made()
    error = {"error_code": "E", "error_message": "m"}
    first = traces.assess(trace_id, feedback={"value": None, "error": error}, rationale="r", metadata={"a": "1"})
    of = f"{V3}/{trace_id}/assessments"
    assert traces.call("GET", f"{of}/{first['assessment_id']}")["assessment"] == first
    assert first["feedback"] == {"value": None, "error": error}
    changed = traces.call(
        "PATCH",
        f"{of}/{first['assessment_id']}",
        {
            "assessment": {
                "assessment_name": "q2",
                "feedback": {"value": 0.5},
                "rationale": "not",
                "metadata": {"b": "2"},
            },
            "update_mask": "assessmentName,feedback,metadata",
        },
    )["assessment"]
    assert (changed["assessment_name"], changed["feedback"], changed["rationale"]) == ("q2", {"value": 0.5}, "r")
    assert changed["metadata"] == {"a": "1", "b": "2"}
    second = traces.assess(trace_id, feedback={"value": 1}, overrides=first["assessment_id"])
    kept = {item["assessment_id"]: item["valid"] for item in traces.info(trace_id)["assessments"]}
    assert kept == {first["assessment_id"]: False, second["assessment_id"]: True}
    for _ in range(2):
        assert traces.call("DELETE", f"{of}/{second['assessment_id']}", {}) == {}
    assert traces.call("GET", f"{of}/{first['assessment_id']}")["assessment"]["valid"] is True
    traces.call("GET", f"{of}/{second['assessment_id']}", status=404)


def test_an_expectation_may_be_any_json(traces: Traces) -> None:
    trace_id = traces.made()
    text = {"serialization_format": "JSON_FORMAT", "value": '{"a": [1, null]}'}
    made = traces.assess(trace_id, expectation={"serialized_value": text})
    assert json.loads(made["expectation"]["serialized_value"]["value"]) == {"a": [1, None]}
    assert traces.assess(trace_id, expectation={"value": "x"})["expectation"] == {"value": "x"}
    assert traces.assess(trace_id, issue={"issue_name": "Slow"})["issue"] == {"issue_name": "Slow"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "one of feedback, expectation and issue"),
        ({"feedback": {"value": 1}, "expectation": {"value": 1}}, "one of feedback"),
        ({"feedback": {"value": 1}, "assessment_name": ""}, "assessment_name"),
        ({"feedback": {"value": 1}, "assessment_name": "n" * 251}, "250"),
        ({"feedback": {"value": 1}, "source": {"source_type": "DICE"}}, "source_type"),
        ({"expectation": {"serialized_value": {"serialization_format": "XML", "value": ""}}}, "JSON_FORMAT"),
        ({"expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": "{"}}}, "not JSON"),
    ],
)
def test_what_is_no_assessment(traces: Traces, fields: dict[str, Any], why: str) -> None:
    assert why in traces.assess(traces.made(), status=400, **fields)["message"]


def test_an_assessment_of_nothing_is_not_found(traces: Traces) -> None:
    traces.assess("tr-none", status=404, feedback={"value": 1})
    trace_id = traces.made()
    traces.assess(trace_id, status=404, feedback={"value": 1}, overrides="a-none")
    made = traces.assess(trace_id, feedback={"value": 1})
    path = f"{V3}/{trace_id}/assessments/{made['assessment_id']}"
    for mask, sent, why in (
        ("spanId", {}, "update_mask"),
        ("expectation", {"expectation": {"value": 1}}, "Cannot update expectation"),
        ("feedback,expectation", {"feedback": {"value": 1}}, "both"),
        ("feedback", {}, "one of feedback"),
    ):
        refused = traces.call("PATCH", path, {"assessment": sent, "update_mask": mask}, status=400)
        assert why in refused["message"]


@pytest.mark.parametrize(
    ("text", "ms", "back"),
    [
        ("1970-01-01T00:00:00Z", 0, None),
        ("2026-01-31T12:30:00.250Z", 1_769_862_600_250, None),
        ("2026-01-31T12:30:00.250999999Z", 1_769_862_600_250, "2026-01-31T12:30:00.250Z"),
        ("2026-01-31T14:30:00.25+02:00", 1_769_862_600_250, "2026-01-31T12:30:00.250Z"),
    ],
)
def test_moments(text: str, ms: int, back: str | None) -> None:
    assert moment(text) == ms
    assert moment_text(ms) == (back or text)


@pytest.mark.parametrize(
    ("text", "ms", "back"),
    [
        ("0s", 0, None),
        ("1.500s", 1500, None),
        ("-2s", -2000, None),
        ("0.000999999s", 0, "0s"),
        ("3.2s", 3200, "3.200s"),
    ],
)
def test_durations(text: str, ms: int, back: str | None) -> None:
    assert duration(text) == ms
    assert duration_text(ms) == (back or text)


@pytest.mark.parametrize("read", [moment, duration])
@pytest.mark.parametrize("text", ["", "x", "2026-13-01T00:00:00Z", "1.5", "s", "2026-01-31T12:30:00"])
def test_what_is_no_time(read: Callable[[str], int], text: str) -> None:
    with pytest.raises(InvalidValue):
        read(text)


def test_a_named_workspace_has_traces_of_its_own(http: TestClient) -> None:
    http.get("/api/v1/workspaces/traced?create=true").raise_for_status()
    trace_id = f"tr-{uuid4().hex}"
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span(trace_id, 1)]}]}]}
    sent = http.post("/workspaces/traced/v1/traces", json=body, headers={"x-mlflow-experiment-id": "0"})
    assert sent.status_code == 200, sent.text
    assert http.get(f"/workspaces/traced{V3}/{trace_id}").status_code == 200
    assert http.get(f"{V3}/{trace_id}").status_code == 404
