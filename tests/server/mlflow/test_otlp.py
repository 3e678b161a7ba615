"""Spans by OpenTelemetry's protocol: what is taken, packed how, and what is refused whole."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import Door
from zaffre.server.mlflow import otlp

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def message(trace_id: bytes) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    part = request.resource_spans.add()
    for key, value in (("service.name", "shop"), ("telemetry.sdk.name", "x"), ("mlflow.trace.spansLocation", "y")):
        part.resource.attributes.add(key=key).value.string_value = value
    span = part.scope_spans.add().spans.add(
        trace_id=trace_id,
        span_id=b"12345678",
        name="pay",
        start_time_unix_nano=10**18,
        end_time_unix_nano=10**18 + 10**9,
    )
    span.attributes.add(key="bytes").value.bytes_value = b"\x00\xff"
    span.attributes.add(key="nan").value.double_value = float("nan")
    span.attributes.add(key="nul\x00").value.string_value = "a\x00b"
    span.attributes.add(key="none")
    return request


def send(http: TestClient, body: bytes, kind: str = PROTOBUF, status: int = 200, **headers: str) -> Any:
    named = {"x-mlflow-experiment-id": "0", **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = http.post("/v1/traces", content=body, headers={"content-type": kind, **named})
    assert answer.status_code == status, answer.text
    return answer


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)],
)
def test_protobuf_is_taken_packed_or_not(http: TestClient, encoding: str, pack: Any) -> None:
    trace_id = uuid4().bytes
    answer = send(http, pack(message(trace_id).SerializeToString()), content_encoding=encoding)
    assert (answer.content, answer.headers["content-type"]) == (b"", PROTOBUF)
    found = http.get(f"/api/v1/workspaces/default/traces/tr-{trace_id.hex()}").json()
    (span,) = found["spans"]
    assert span["attributes"] == {"bytes": "AP8=", "nan": "NaN", "nul": "ab", "none": None}
    assert (found["trace"]["status"], found["trace"]["duration_ms"]) == ("OK", 1000)
    tags = found["trace"]["tags"]
    assert tags["service.name"] == "shop"
    assert tags["mlflow.trace.spansLocation"] == "TRACKING_STORE"
    assert "telemetry.sdk.name" not in tags


def test_a_run_that_is_named_has_the_traces(http: TestClient, door: Door) -> None:
    run_id, trace_id = door.run(), uuid4().bytes
    body = message(trace_id).SerializeToString()
    send(http, body, status=404, x_mlflow_run_id="none")
    assert http.get(f"/api/v1/workspaces/default/traces/tr-{trace_id.hex()}").status_code == 404
    send(http, body, x_mlflow_run_id=run_id)
    found = http.get("/api/v1/workspaces/default/traces", params={"run": run_id}).json()["items"]
    assert [item["id"] for item in found] == [f"tr-{trace_id.hex()}"]


def test_without_an_experiment_nothing_is_taken(http: TestClient) -> None:
    body = message(uuid4().bytes).SerializeToString()
    for named, status, code in (
        ("", 422, "INVALID_PARAMETER_VALUE"),
        ("98765", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("abc", 400, "INVALID_PARAMETER_VALUE"),
    ):
        assert send(http, body, status=status, x_mlflow_experiment_id=named).json()["error_code"] == code
    assert http.post("/v1/traces/more", content=body, headers={"content-type": PROTOBUF}).status_code == 404


def packed(**fields: Any) -> bytes:
    span = {"traceId": "a" * 32, "spanId": "b" * 16, **fields}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"intValue": 1}
    for _ in range(depth):
        value = {"arrayValue": {"values": [value]}}
    return value


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (b"", PROTOBUF, "no spans"),
        (b"\xff\xff", PROTOBUF, "Invalid OpenTelemetry format"),
        (message(b"short").SerializeToString(), PROTOBUF, "16 bytes"),
        (message(bytes(16)).SerializeToString(), PROTOBUF, "16 bytes"),
        (b"{", JSON, "Invalid OpenTelemetry format"),
        (b"[]", JSON, "Invalid OpenTelemetry format"),
        (b'{"resourceSpans": [5]}', JSON, "Invalid OpenTelemetry format"),
        (b"[" * 100_000, JSON, "Invalid OpenTelemetry format"),
        (packed(traceId="xyz"), JSON, "Invalid OpenTelemetry format"),
        (packed(spanId="ab"), JSON, "8 bytes"),
        (packed(startTimeUnixNano="-1"), JSON, "nanoseconds"),
        (packed(endTimeUnixNano=2**64), JSON, "nanoseconds"),
        (packed(attributes=[{"key": "k", "value": {"intValue": "x"}}]), JSON, "Invalid OpenTelemetry format"),
        (packed(attributes=[{"key": "k", "value": nested(101)}]), JSON, "within each other"),
        (packed(attributes=[{"key": "k", "value": {"intValue": "9" * 30}}]), JSON, "64 bits"),
        (b"x", "text/plain", "Content-Type"),
    ],
)
def test_what_is_no_request_is_refused_whole(http: TestClient, body: bytes, kind: str, why: str) -> None:
    answer = send(http, body, kind, status=400).json()
    assert answer["error_code"] == "BAD_REQUEST"
    assert why in answer["message"]


def test_what_is_packed_too_well_or_badly_is_refused(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.compress(message(uuid4().bytes).SerializeToString())
    for wrong, encoding, why in (
        (b"zz", "gzip", "not gzip"),
        (body[:-9], "gzip", "ends in the middle"),
        (body, "br", "br"),
    ):
        assert why in send(http, wrong, status=400, content_encoding=encoding).json()["message"]
    monkeypatch.setattr(otlp, "MOST_BYTES", 1000)
    assert "1000 bytes" in send(http, gzip.compress(bytes(2000)), status=413, content_encoding="gzip").json()["message"]


def test_json_may_have_numbers_as_text_and_names_for_codes(http: TestClient) -> None:
    trace_id = uuid4().hex
    body = packed(
        traceId=trace_id.upper(),
        name="n",
        startTimeUnixNano="1000000000",
        endTimeUnixNano=2_000_000_000,
        status={"code": "STATUS_CODE_ERROR", "message": "m"},
        attributes=[
            {"key": "i", "value": {"intValue": "9007199254740993"}},
            {"key": "d", "value": {"doubleValue": "Infinity"}},
            {"key": "b", "value": {"bytesValue": "AP8="}},
            {"key": "m", "value": {"kvlistValue": {"values": [{"key": "x", "value": {"boolValue": True}}]}}},
        ],
        unknown=1,
    )
    answer = send(http, body, JSON)
    assert (answer.content, answer.headers["content-type"]) == (b"{}", JSON)
    found = http.get(f"/api/v1/workspaces/default/traces/tr-{trace_id}").json()
    (span,) = found["spans"]
    assert (span["status"], span["status_message"]) == ("ERROR", "m")
    assert span["attributes"] == {"i": 9007199254740993, "d": "Infinity", "b": "AP8=", "m": {"x": True}}
    assert found["trace"]["duration_ms"] == 1000
