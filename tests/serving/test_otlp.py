"""Spans and logs of a service at a collector, which here is a small HTTP server; and collectors that fail."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.serving.scoring_process import ECHO, ScoringProcess
from tests.waiting import until
from zaffre.serving.collector import read_collector

SCRIPT = """
    import json, os
    def init():
        print("ready to score")
    def run(data):
        what = json.loads(data)
        print("scoring", what)
        if what == "raise":
            raise ValueError("asked to")
        return {"parent": os.environ.get("TRACEPARENT"), "state": os.environ.get("TRACESTATE")}
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ODD = 'mi"ne\\'
STATE = 'vendor="1\\"'


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent; answers ``status``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.status = 200
        self.delay = 0.0
        self.got: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[dict[str, Any]]:
        found = [message["resourceSpans"] for path, _, message in self.got if path == "/v1/traces"]
        return [
            span for groups in found for group in groups for scope in group["scopeSpans"] for span in scope["spans"]
        ]

    def records(self) -> list[dict[str, Any]]:
        found = [message["resourceLogs"] for path, _, message in self.got if path == "/v1/logs"]
        return [
            one for groups in found for group in groups for scope in group["scopeLogs"] for one in scope["logRecords"]
        ]


class Door(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.delay)
        if self.server.status < 300:
            self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def facts(item: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in item["attributes"]}


def counted(service: ScoringProcess, name: str) -> int:
    found = re.search(rf"^{name} (\d+)", service.http.get("/metrics").text, re.MULTILINE)
    return int(found[1]) if found else 0


def test_each_request_is_a_span_that_continues_its_callers_trace(tmp_path: Path, collector: Collector) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20secret",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
        "SERVICE_NAME": "digits",
    }
    with ScoringProcess(tmp_path, SCRIPT, **variables) as service:
        sent = {"traceparent": PARENT, "tracestate": STATE, "x-request-id": ODD}
        handed = service.score(1, headers=sent).json()
        assert service.score("raise").status_code == 500
        assert service.http.put("/score").status_code == 405
        assert service.http.get("/").status_code == 200  # no span
        until(lambda: len(collector.spans()) == 3, "three spans", patience=60)
        until(lambda: counted(service, "zaffre_otlp_sent_total") >= 6, "what was sent is counted", patience=60)
        assert counted(service, "zaffre_otlp_dropped_total") == 0
    first, second, third = collector.spans()
    assert (first["traceId"], first["parentSpanId"], first["traceState"]) == (PARENT[3:35], PARENT[36:52], STATE)
    assert handed == {"parent": f"00-{first['traceId']}-{first['spanId']}-01", "state": STATE}
    assert facts(first) == {
        "http.request.method": "POST",
        "http.route": "/score",
        "http.response.status_code": "200",
        "zaffre.request_id": ODD,
    }
    assert 0 < int(first["endTimeUnixNano"]) - int(first["startTimeUnixNano"]) < 60e9
    assert (first["name"], first["kind"], first["status"]) == ("POST /score", 2, {})
    assert second["status"] == {"code": 2}
    assert "parentSpanId" not in second
    assert (third["name"], facts(third)["http.response.status_code"]) == ("PUT /score", "405")
    _, headers, message = collector.got[0]
    assert headers["api-key"] == "a secret"
    resource = facts(message["resourceSpans" if "resourceSpans" in message else "resourceLogs"][0]["resource"])
    assert (resource["service.name"], resource["deployment.environment"]) == ("digits", "test")
    bodies = {record["body"]["stringValue"]: record for record in collector.records()}
    assert "ready to score" in bodies
    line = bodies["scoring 1"]
    assert (line["traceId"], line["spanId"]) == (first["traceId"], first["spanId"])
    assert facts(line) == {"log.iostream": "stdout", "zaffre.request_id": ODD}
    raised = next(record for body, record in bodies.items() if body.startswith("run() raised for request"))
    assert (raised["severityText"], raised["severityNumber"]) == ("ERROR", 17)
    assert "asked to" in raised["body"]["stringValue"]


@pytest.mark.parametrize(
    ("sampler", "flags", "spans"),
    [("parentbased_always_on", "00", 1), ("always_off", "01", 0), ("always_on", "00", 2)],
)
def test_what_is_sampled_is_as_the_variables_and_the_caller_say(
    tmp_path: Path, collector: Collector, sampler: str, flags: str, spans: int
) -> None:
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER": sampler}
    with ScoringProcess(tmp_path, SCRIPT, **variables) as service:
        assert service.score(1, headers={"traceparent": PARENT[:-2] + flags}).status_code == 200
        assert service.score(2).status_code == 200
        until(lambda: "scoring 2" in str(collector.records()), "the log arrived", patience=60)
    assert len(collector.spans()) == spans


def test_a_collector_that_is_away_slows_and_fails_no_request_and_drops_are_counted(tmp_path: Path) -> None:
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_LOGS_EXPORTER": "none"}
    with ScoringProcess(tmp_path, ECHO, **variables) as service:
        assert all(service.score(number).status_code == 200 for number in range(20))
        until(lambda: counted(service, "zaffre_otlp_dropped_total") == 20, "drops are counted", patience=60)
        assert service.log().count("does not take what is sent") == 1


def test_more_than_the_queue_holds_is_dropped_and_counted(tmp_path: Path, collector: Collector) -> None:
    collector.delay = 5.0
    script = """
        def init(): pass
        def run(data):
            for number in range(6000):
                print(number)
            return 1
    """
    variables = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{collector.url}/v1/logs"}
    with ScoringProcess(tmp_path, script, **variables) as service:
        assert service.score(1).status_code == 200
        assert counted(service, "zaffre_otlp_dropped_total") >= 1000
        collector.delay = 0.0


def test_a_collector_that_refuses_is_told_of_once_and_asked_no_more_for_that(
    tmp_path: Path, collector: Collector
) -> None:
    collector.status = 400
    with ScoringProcess(tmp_path, ECHO, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/v1/traces") as service:
        service.score(1)
        until(lambda: counted(service, "zaffre_otlp_dropped_total") == 1, "the drop", patience=60)
        assert "it answered 400" in service.log()


def test_opentelemetry_of_the_script_sees_the_request_as_its_current_span(tmp_path: Path, collector: Collector) -> None:
    pytest.importorskip("opentelemetry.trace")
    script = """
        from opentelemetry import trace
        def init(): pass
        def run(data):
            return format(trace.get_current_span().get_span_context().trace_id, "032x")
    """
    with ScoringProcess(tmp_path, script, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as service:
        assert service.score(1, headers={"traceparent": PARENT}).json() == PARENT[3:35]
        other = service.score(1).json()
        until(lambda: len(collector.spans()) == 2, "both spans", patience=60)
        assert collector.spans()[1]["traceId"] == other != PARENT[3:35]


def test_what_cannot_be_honoured_is_said() -> None:
    base = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/"}
    found, remarks = read_collector(base, "svc", "1")
    assert found is not None
    assert found.traces is not None
    assert (found.traces.url, remarks) == ("http://c:4318/v1/traces", [])
    assert read_collector({}, "svc", "1") == (None, [])
    assert read_collector({**base, "OTEL_SDK_DISABLED": "true"}, "svc", "1") == (None, [])
    found, remarks = read_collector({**base, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "svc", "1")
    assert found is None
    assert "HTTP only" in remarks[0]
    found, remarks = read_collector({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "svc", "1")
    assert found is None
    assert "no http or https address" in remarks[0]
    odd = {**base, "OTEL_TRACES_SAMPLER": "mine", "OTEL_EXPORTER_OTLP_TIMEOUT": "soon", "OTEL_LOGS_EXPORTER": "none"}
    found, remarks = read_collector(odd, "svc", "1")
    assert found is not None
    assert (found.logs, found.sampler, found.timeout) == (None, "parentbased_always_on", 10.0)
    assert len(remarks) == 2
    assert "secret" not in repr(read_collector({**base, "OTEL_EXPORTER_OTLP_HEADERS": "k=secret"}, "s", "1"))
