"""Entry scripts that take the whole request and answer with a whole response."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.serving.scoring_process import ScoringProcess

SCRIPT = """
    import json
    from zaffre.core.rawhttp import AMLRequest, AMLResponse, rawhttp

    def init(): pass

    @rawhttp
    def run(request):
        assert isinstance(request, AMLRequest)
        what = request.args.get("what")
        if what == "echo":
            return AMLResponse(request.get_data(False), 200)
        if what == "image":
            return AMLResponse(request.get_data(False)[::-1], 200, {"Content-Type": "image/png"})
        if what == "form":
            files = {k: [f.filename, f.content_type, f.read().hex()] for k, f in request.files.items()}
            return {"form": request.form.to_dict(), "files": files}
        if what == "json":
            return [request.json, request.get_json(force=True), request.is_json]
        if what == "status":
            return AMLResponse(None, 333)
        if what == "text":
            return AMLResponse("test", 444)
        if what == "fault":
            return AMLResponse("test", 555, json_str=True)
        if what == "told":
            return AMLResponse("test", 200, run_function_failed=True)
        if what == "headers":
            named = {"a": "A", "b": "A, B, C", "content-type": "A", "x-request-id": "mine"}
            return AMLResponse({"k": 1}, 200, named, json_str=True)
        return [request.method, request.path, request.full_path, request.url, request.headers["x-colour"],
                request.args.getlist("n"), request.get_data(as_text=True), request.content_length]
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path_factory.mktemp("raw"), SCRIPT) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_run_gets_the_request_of_every_method(service: ScoringProcess, method: str) -> None:
    reply = service.http.request(method, "/score?n=1&n=2", content=b"body", headers={"X-Colour": "blue"})
    address = f"http://{service.status()['address']}/score?n=1&n=2"
    assert reply.json() == [method, "/score", "/score?n=1&n=2", address, "blue", ["1", "2"], "body", 4]


def test_bytes_pass_both_ways_unchanged(service: ScoringProcess) -> None:
    content = os.urandom(100_000)
    assert service.http.post("/score?what=echo", content=content).content == content
    image = service.http.post("/score?what=image", content=content)
    assert (image.content[::-1], image.headers["content-type"]) == (content, "image/png")


def test_a_form_and_its_files_are_parsed(service: ScoringProcess) -> None:
    content = bytes(range(256)) * 3 + b"\r\n--not-the-boundary\r\n\n\r"
    reply = service.http.post(
        "/score?what=form", data={"name": "zähler"}, files={"image": ("a b.png", content, "image/png")}
    )
    expected = {"form": {"name": "zähler"}, "files": {"image": ["a b.png", "image/png", content.hex()]}}
    assert reply.json() == expected
    assert service.http.post("/score?what=form", data={"x": "1 2"}).json() == {"form": {"x": "1 2"}, "files": {}}
    assert service.http.post("/score?what=form", content=b"x=1").json() == {"form": {}, "files": {}}


def test_json_is_parsed_when_it_is_sent_as_json(service: ScoringProcess) -> None:
    assert service.http.post("/score?what=json", json={"a": 1}).json() == [{"a": 1}, {"a": 1}, True]
    assert service.http.post("/score?what=json", content=b"[2]").json() == [None, [2], False]


def test_a_response_has_its_own_status_and_type(service: ScoringProcess) -> None:
    empty = service.http.post("/score?what=status")
    assert (empty.status_code, empty.json(), empty.headers["content-type"]) == (333, {}, "application/json")
    text = service.http.post("/score?what=text")
    assert (text.status_code, text.text) == (444, "test")
    assert text.headers["content-type"].startswith("text/html")
    assert text.headers["x-ms-run-function-failed"] == "False"
    fault = service.http.post("/score?what=fault")
    assert (fault.status_code, fault.content) == (555, b'"test"')
    assert fault.headers["x-ms-run-function-failed"] == "True"
    assert service.http.post("/score?what=told").headers["x-ms-run-function-failed"] == "True"


def test_the_headers_of_a_response_are_sent_but_not_over_ours(service: ScoringProcess) -> None:
    reply = service.http.post("/score?what=headers", headers={"x-request-id": "given"})
    assert reply.headers["a"] == "A"
    assert reply.headers.get_list("b") == ["A", "B", "C"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers.get_list("x-request-id") == ["given"]
