"""Every kind of bad input: a documented status, a JSON body with the request's id, and the service goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import zaffre
from tests.serving import peer_server
from tests.serving.scoring_process import SECONDS, ScoringProcess
from zaffre.core.service_keys import digest, write_digests

OURS = str(Path(zaffre.__file__).parent.parent)
KEY = {"authorization": "Bearer the-key-of-this-service"}
JSON = {"content-type": "application/json"}
LIMITS = ("--max-body-bytes", "5000", "--read-timeout-ms", "800", "--timeout-ms", "1500")
DOCUMENTED = Path(__file__).parents[2] / "docs" / "reference" / "scoring.md"

PLAIN = """
    import json, os, signal, sys
    def init(): pass
    def run(data):
        if data == "ask": return os.getpid()
        what = json.loads(data)["do"]
        if what == "raise": raise ValueError("on purpose")
        if what == "exit": sys.exit(3)
        if what == "loop":
            while True: pass
        if what == "kill": os.kill(os.getpid(), signal.SIGKILL)
        if what == "unserialisable": return object()
        if what == "itself":
            held = []; held.append(held); return held
"""
SCHEMA = """
    import numpy
    from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    from inference_schema.schema_decorators import input_schema
    def init(): pass
    @input_schema("data", NumpyParameterType(numpy.array([[1.0, 2.0]])))
    @input_schema("who", StandardPythonParameterType({"name": "n", "age": 1}))
    def run(data, who): return float(data.sum())
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    folder = tmp_path_factory.mktemp("plain")
    write_digests(folder / "keys.json", [digest("the-key-of-this-service")])
    with ScoringProcess(folder, PLAIN, *LIMITS, "--keys-file", str(folder / "keys.json")) as service:
        yield service


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    folder = tmp_path_factory.mktemp("schema")
    with ScoringProcess(folder, SCHEMA, *LIMITS, python=str(peer_server.python()), PYTHONPATH=OURS) as service:
        yield service


def check(answer: httpx.Response, status: int, words: str, failed: bool) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    assert words in answer.json()["message"]
    assert answer.headers.get("x-ms-run-function-failed", "False") == str(failed)


# what it is: body, status, words of the message, whether run() is to blame, whether the worker is another one after it
CASES = {
    "a body that the script cannot parse": (b"{not json", 500, "Check the logs", True, False),
    "an exception": (b'{"do": "raise"}', 500, "error occurred in scoring script", True, False),
    "sys.exit": (b'{"do": "exit"}', 500, "error occurred in scoring script", True, False),
    "an infinite loop": (b'{"do": "loop"}', 500, "Scoring timeout after 1500 ms", True, False),
    "os.kill": (b'{"do": "kill"}', 502, "was ended by SIGKILL while it ran this request", True, True),
    "an unserialisable result": (b'{"do": "unserialisable"}', 500, "internal error", False, False),
    "a result that holds itself": (b'{"do": "itself"}', 500, "internal error", False, False),
    "too large": (b'"' + b"x" * 6000 + b'"', 413, "5000", False, False),
    "no text": (b"\xff\xfe", 400, "cannot be decoded as UTF-8", False, False),
}


@pytest.mark.parametrize("name", CASES)
def test_the_caller_is_told_and_the_service_goes_on(plain: ScoringProcess, name: str) -> None:
    body, status, words, failed, is_replaced = CASES[name]
    front, before = plain.process.pid, plain.http.post("/score", content=b"ask", headers=KEY).json()
    check(plain.http.post("/score", content=body, headers=KEY), status, words, failed)
    assert (plain.http.post("/score", content=b"ask", headers=KEY).json() != before) == is_replaced
    assert plain.process.poll() is None
    assert plain.process.pid == front
    assert plain.http.get("/ready").status_code == 200


@pytest.mark.parametrize(
    ("key", "words"),
    [({}, "authentication enabled"), ({"authorization": "Bearer other"}, "is not one of this service's")],
)
def test_a_wrong_key(plain: ScoringProcess, key: dict[str, str], words: str) -> None:
    check(plain.http.post("/score", content=b"ask", headers=key), 401, words, False)
    assert plain.http.post("/score", content=b"ask", headers=KEY).status_code == 200


def test_a_body_that_comes_too_slowly(plain: ScoringProcess) -> None:
    address = (plain.http.base_url.host, plain.http.base_url.port or 0)
    with socket.create_connection(address, SECONDS) as sock:
        sock.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert plain.http.post("/score", content=b"ask", headers=KEY).status_code == 200  # nobody waits for it
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert b"content-type: application/json" in head.lower()
    assert "did not arrive in time" in json.loads(body)["message"]


WHO = {"name": "a", "age": 3}
MISFITS = {
    "not JSON": (b"{", "could not be decoded as JSON"),
    "not an object": (b"[1]", "should be a JSON dictionary"),
    "nothing": (b"", "POST body is empty"),
    "a missing field": ({"who": WHO}, "A value is not provided for the 'data' parameter"),
    "the wrong shape": (
        {"data": [[1.0, 2.0, 3.0]], "who": WHO},
        "Expected an array of float64 with the shape (any, 2)",
    ),
    "the wrong type": ({"data": [["x", "y"]], "who": WHO}, "The parameter 'data' does not fit the schema"),
    "another kind": ({"data": [[1.0, 2.0]], "who": "me"}, "The parameter 'who' does not fit the schema"),
    "another kind, expected": ({"data": [[1.0, 2.0]], "who": 3}, "an object with name, age"),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_the_schema_is_named_with_what_was_expected(schema: ScoringProcess, name: str) -> None:
    given, words = MISFITS[name]
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    check(schema.http.post("/score", content=body, headers=JSON), 400, words, False)
    fits = json.dumps({"data": [[1.0, 2.0]], "who": WHO}).encode()
    assert schema.http.post("/score", content=fits, headers=JSON).json() == 3.0


def test_the_reference_lists_every_status() -> None:
    table = DOCUMENTED.read_text("utf-8").partition("## Statuses")[2].partition("\n## ")[0]
    for status in (400, 401, 408, 413, 415, 431, 500, 502, 503):
        assert f"| {status}" in table, status
    for case in ("sys.exit", "infinite loop", "os.kill", "scikit-learn", "slow", "missing file", "expired token"):
        assert case in table, case
