"""Traces as the Studio reads them over REST."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.server.rest import Rest

NS = 1_770_000_000_000_000_000


def span(trace_id: str, number: int, parent: int | None = None, **fields: Any) -> dict[str, Any]:
    given = {"traceId": trace_id, "spanId": f"{number:016x}", "name": f"s{number}", "startTimeUnixNano": NS + number}
    above = {} if parent is None else {"parentSpanId": f"{parent:016x}"}
    return {**given, **above, "endTimeUnixNano": NS + 10**9, **fields}


def sent(rest: Rest, experiment: int, *spans: dict[str, Any]) -> None:
    body = {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}
    headers = {"x-mlflow-experiment-id": str(experiment)}
    answer = rest.http.post(f"/workspaces/{rest.ws}/v1/traces", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def trace(rest: Rest) -> str:
    """A trace of three spans in the experiment "exp"; its id."""
    made = uuid4().hex
    attributes = [
        {"key": "mlflow.spanType", "value": {"stringValue": "TOOL"}},
        {"key": "mlflow.spanInputs", "value": {"kvlistValue": {"values": [{"key": "x", "value": {"intValue": 1}}]}}},
        {"key": "mlflow.spanOutputs", "value": {"stringValue": "done"}},
        {"key": "color", "value": {"stringValue": "blue"}},
    ]
    experiment = rest.put("/experiments/exp")["id"]
    sent(rest, experiment, span(made, 3, 1), span(made, 2, 1, attributes=attributes, status={"code": 1}), span(made, 1))
    return f"tr-{made}"


def test_a_trace_is_a_tree_of_spans(rest: Rest, trace: str) -> None:
    found = rest.get(f"/traces/{trace}")
    assert [(item["id"][-1], item["parent_id"]) for item in found["spans"]] == [
        ("1", None),
        ("2", f"{1:016x}"),
        ("3", f"{1:016x}"),
    ]
    tool = found["spans"][1]
    assert {key: tool[key] for key in ("name", "type", "status", "inputs", "outputs", "attributes")} == {
        "name": "s2",
        "type": "TOOL",
        "status": "OK",
        "inputs": {"x": 1},
        "outputs": "done",
        "attributes": {"color": "blue"},
    }
    assert (tool["start_ns"], tool["end_ns"]) == (NS + 2, NS + 10**9)
    assert (found["trace"]["id"], found["trace"]["experiment_name"], found["trace"]["duration_ms"]) == (
        trace,
        "exp",
        1000,
    )


def test_a_list_is_narrowed_ordered_and_paged(rest: Rest, trace: str) -> None:
    other = rest.put("/experiments/other")["id"]
    late = uuid4().hex
    sent(rest, other, span(late, 1, startTimeUnixNano=NS + 5 * 10**8))
    both = [f"tr-{late}", trace]

    def ids(**query: Any) -> list[str]:
        return [item["id"] for item in rest.get("/traces", **query)["items"]]

    assert ids() == both
    assert ids(order="execution_time DESC") == both[::-1]
    assert ids(experiment="exp") == ids(filter="span.type = 'TOOL'") == [trace]
    first = rest.get("/traces", limit=1)
    assert [item["id"] for item in rest.get("/traces", limit=1, after=first["next"])["items"]] == [trace]
    run_id = rest.run("exp")
    assert ids(run=run_id) == []


def test_what_a_list_refuses(rest: Rest) -> None:
    assert rest.refused("GET", "/traces", filter="nothing = 'x'")[0] == 400
    assert rest.refused("GET", "/traces", experiment="none")[0] == 404
    assert rest.refused("GET", "/traces", after="?")[0] == 400
    assert rest.refused("GET", "/traces/tr-none")[0] == 404
    assert Rest(rest.http, rest.home, "none-such").refused("GET", "/traces")[0] == 404


def test_tags_are_changed_and_a_trace_deleted(rest: Rest, trace: str) -> None:
    changed = rest.patch(f"/traces/{trace}", {"tags": {"a": "1", "mlflow.traceName": "named"}})
    assert (changed["tags"]["a"], changed["name"]) == ("1", "named")
    assert "a" not in rest.patch(f"/traces/{trace}", {"remove_tags": ["a"]})["tags"]
    assert rest.refused("PATCH", f"/traces/{trace}", {"tags": {"b": "2"}, "remove_tags": ["a"]})[0] == 404
    assert "b" not in rest.get(f"/traces/{trace}")["trace"]["tags"]  # all of a change, or none of it
    rest.delete(f"/traces/{trace}")
    assert rest.refused("DELETE", f"/traces/{trace}")[0] == 404


OLD = """{"spans": [
 {"name": "f", "context": {"span_id": "0xab", "trace_id": "0x1"}, "parent_id": null, "start_time": 5, "end_time": 9,
  "status_code": "OK", "status_message": "", "attributes": {"mlflow.spanInputs": "{\\"x\\": 1}"},
  "events": [{"name": "e", "timestamp": 7, "attributes": {}}]},
 {"name": "g", "context": {"span_id": "0xcd", "trace_id": "0x1"}, "parent_id": "0xab", "start_time": 6, "end_time": 8,
  "status_code": "ERROR", "status_message": "no", "attributes": {}, "events": []}]}"""


@pytest.mark.parametrize(
    ("data", "names"), [(OLD, ["f", "g"]), ("{}", []), ("no json", []), ('{"spans": [{"name": 1}]}', [])]
)
def test_spans_of_old_clients_are_read_from_their_file(rest: Rest, data: str, names: list[str]) -> None:
    experiment = rest.put("/experiments/exp")["id"]
    base = f"/workspaces/{rest.ws}/api/2.0"
    body = {"experiment_id": str(experiment), "timestamp_ms": 1}
    trace_id = rest.http.post(f"{base}/mlflow/traces", json=body).json()["trace_info"]["request_id"]
    path = f"{base}/mlflow-artifacts/artifacts/{experiment}/traces/{trace_id}/artifacts/traces.json"
    assert rest.http.put(path, content=data.encode()).status_code == 200
    spans = rest.get(f"/traces/{trace_id}")["spans"]
    assert [item["name"] for item in spans] == names
    if spans:
        assert (spans[0]["inputs"], spans[1]["parent_id"], spans[1]["status"]) == ({"x": 1}, spans[0]["id"], "ERROR")
