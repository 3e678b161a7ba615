"""The entry-script contract, held against Azure's own inference server: the same requests to both.

Every difference in status, header or body stands in ``DIFFERENCES`` with its reason, and the reason in the reference.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.peer_server import served

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "scoring.md"
JSON = {"content-type": "application/json"}
LONG = "i" * 101


def post(body: object, path: str = "/score", **headers: str) -> dict[str, Any]:
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return {"method": "POST", "url": path, "content": content, "headers": JSON | headers}


def get(path: str, **headers: str) -> dict[str, Any]:
    return {"method": "GET", "url": path, "headers": headers}


def other(method: str, path: str, **headers: str) -> dict[str, Any]:
    return {"method": method, "url": path, "headers": headers}


ASKS = {"access-control-request-method": "POST"}
ARRAY = {"data": [[1, 2, 3]]}

REQUESTS: dict[str, dict[str, dict[str, Any]]] = {
    "plain": {
        "an object": post({"data": [1, 2.5, "ü", None]}),
        "a list": post([1]),
        "an empty body": post(b""),
        "no JSON": post(b"{broken"),
        "no content type": {"method": "POST", "url": "/score", "content": b"[1]"},
        "a content type of text": post([1], **{"content-type": "text/plain"}),
        "a body in pieces": {"method": "POST", "url": "/score", "content": [b"[1,", b"2]"]},
        "no UTF-8": post(b'{"a": "\xff"}'),
        "a form": post(b"a=1", **{"content-type": "application/x-www-form-urlencoded"}),
        "the names of the headers": post({"do": "headers"}, **{"x-Colour": "blue"}),
        "an exception": post({"do": "raise"}),
        "sys.exit": post({"do": "exit"}),
        "a result of bytes": post({"do": "bytes"}),
        "a result of a set": post({"do": "set"}),
        "no result": post({"do": "none"}),
        "a result of JSON text": post({"do": "text"}),
        "a result that is no number": post({"do": "nan"}),
        "keys that are no text": post({"do": "keys"}),
        "a result that holds itself": post({"do": "loop"}),
        "a numpy array": post({"do": "numpy"}),
        "the model's folder": post({"do": "model-dir"}),
        "a query": get("/score?a=1&b=[1,2]&c=x&d=null&e="),
        "a query with a name twice": get("/score?a=1&a=x&b=%C3%BC&c=a+b"),
        "an empty query": get("/score"),
        "OPTIONS": other("OPTIONS", "/score"),
        "HEAD": other("HEAD", "/score"),
        "PUT": other("PUT", "/score"),
        "DELETE": other("DELETE", "/score"),
        "liveness": get("/"),
        "liveness by HEAD": other("HEAD", "/"),
        "liveness by POST": other("POST", "/"),
        "liveness by OPTIONS": other("OPTIONS", "/"),
        "an unknown path": get("/nothing"),
        "a slash too many": post([1], "/score/"),
        "a request id": post([1], **{"x-request-id": "mine"}),
        "a client's id": post([1], **{"x-ms-client-request-id": "client"}),
        "the older id": post([1], **{"x-ms-request-id": "older"}),
        "both ids": post([1], **{"x-ms-request-id": "older", "x-ms-client-request-id": "client"}),
        "all ids": post([1], **{"x-request-id": "r", "x-ms-request-id": "o", "x-ms-client-request-id": "c"}),
        "ids with an exception": post({"do": "raise"}, **{"x-request-id": "r", "x-ms-client-request-id": "c"}),
        "a trace id": post([1], traceid="t"),
        "100 characters of id": post([1], **{"x-request-id": "i" * 100}),
        "a request id too long": post([1], **{"x-request-id": LONG}),
        "a client's id too long": post([1], **{"x-ms-client-request-id": LONG}),
        "the older id too long": post([1], **{"x-ms-request-id": LONG}),
        "swagger": get("/swagger.json"),
        "swagger 3": get("/swagger.json?version=3"),
        "swagger 3.1": get("/swagger.json?version=3.1"),
        "swagger 9": get("/swagger.json?version=9"),
        "swagger by POST": post([1], "/swagger.json"),
        "readiness": get("/ready"),
        "too slow": post({"do": "sleep"}),
    },
    "origins": {
        "an allowed origin": post([1], origin="http://a.example"),
        "another allowed origin": post([1], origin="http://b.example"),
        "an origin that is not allowed": post([1], origin="http://c.example"),
        "no origin": post([1]),
        "an exception": post({"do": "raise"}, origin="http://a.example"),
        "a preflight": other("OPTIONS", "/score", **ASKS, origin="http://a.example"),
        "a preflight for a header": other(
            "OPTIONS", "/score", **ASKS, **{"access-control-request-headers": "x-a"}, origin="http://b.example"
        ),
        "a preflight from elsewhere": other("OPTIONS", "/score", **ASKS, origin="http://c.example"),
    },
    "raw": {
        "POST": post(b"\x00\xff", "/score?n=1&n=2"),
        "GET": get("/score?n=1"),
        "OPTIONS": other("OPTIONS", "/score"),
        "HEAD": other("HEAD", "/score"),
        "PUT": other("PUT", "/score"),
        "an image": post(bytes(range(256)), "/score?what=image"),
        "its own status": post(b"", "/score?what=status"),
        "its own fault": post(b"", "/score?what=fault"),
        "told as failed": post(b"", "/score?what=told"),
        "an empty response": post(b"", "/score?what=none"),
        "its own headers": post(b"", "/score?what=headers"),
        "a form": {"method": "POST", "url": "/score?what=form", "data": {"a": "1 ü"}},
        "a file": {"method": "POST", "url": "/score?what=form", "files": {"f": ("n.png", b"x", "image/png")}},
        "JSON": post({"a": [1]}, "/score?what=json"),
        "broken JSON": post(b"{", "/score?what=json"),
        "an exception": post(b"", "/score?what=raise"),
    },
    "schema": {
        "an array": post(ARRAY),
        "all parameters": post(
            ARRAY | {"frame": [{"a": 2, "b": "y"}], "nested": {"array": [[1, 1, 1]], "name": "m"}, "factor": 1.0}
        ),
        "by query": get("/score?data=[[1,2,3]]&factor=3.0"),
        "without its parameter": post({"factor": 1.0}),
        "an unknown parameter": post(ARRAY | {"more": 1}),
        "no object": post([1]),
        "no JSON": post(b"{"),
        "an empty body": post(b""),
        "a content type of text": post(ARRAY, **{"content-type": "text/plain"}),
        "a content type of JSON with a charset": post(ARRAY, **{"content-type": "application/json; charset=utf-8"}),
        "an array of another shape": post({"data": [[1, 2]]}),
        "an array that is none": post({"data": "x"}),
        "a frame without a column": post(ARRAY | {"frame": [{"a": 1}]}),
        "a frame of another type": post(ARRAY | {"frame": [{"a": "x", "b": "y"}]}),
        "a nested array that is none": post(ARRAY | {"nested": {"array": 3, "name": "m"}}),
        "a text for a number": post(ARRAY | {"factor": "two"}),
        "an exception in run": post(ARRAY | {"factor": 13.0}),
        "OPTIONS": other("OPTIONS", "/score"),
        "swagger": get("/swagger.json"),
        "swagger 3": get("/swagger.json?version=3.0"),
    },
}

# The reasons, as the reference tells them.
IDS = "404 and 405 carry the request's ids, too"
FORM = "A form reaches a plain `run` as the text that was sent; there it arrives empty"
EXIT = "`sys.exit()` in `run` is answered like any exception; there as an HTML page without ids"
NUMPY = "numpy, pandas and `toJSON()` results are written as JSON; there they are 500"
READY = "`/ready`, `/metrics` and `/docs` are there"
ORIGIN = "Without an `Origin` in the request, no CORS header is sent; there that of the first origin"
SCHEMES = "Swagger 2.0 names `http` and `https`; there `https` alone"
LATE = "The body of a timeout has the request's id as `request_id`"
MISFIT = "Input that does not fit the schema is 400 and names the field; there 500"

DIFFERENCES: dict[str, str] = {
    "plain: PUT": IDS,
    "plain: DELETE": IDS,
    "plain: liveness by POST": IDS,
    "plain: an unknown path": IDS,
    "plain: a slash too many": IDS,
    "plain: swagger by POST": IDS,
    "raw: PUT": IDS,
    "plain: a form": FORM,
    "plain: sys.exit": EXIT,
    "plain: too slow": LATE,
    "plain: a numpy array": NUMPY,
    "plain: readiness": READY,
    "origins: no origin": ORIGIN,
    "plain: swagger": SCHEMES,
    "schema: swagger": SCHEMES,
    "schema: an array of another shape": MISFIT,
    "schema: an array that is none": MISFIT,
    "schema: a frame without a column": MISFIT,
    "schema: a frame of another type": MISFIT,
    "schema: a nested array that is none": MISFIT,
    "schema: a text for a number": MISFIT,
}
SETTINGS = {
    "plain": {"SCORING_TIMEOUT_MS": "2000"},
    "origins": {"AML_CORS_ORIGINS": "http://a.example,http://b.example"},
}
NAMES = [f"{script}: {name}" for script, requests in REQUESTS.items() for name in requests]
# What belongs to the connection, or is another one's name: not the script's contract.
FOREIGN = {"date", "server", "connection", "transfer-encoding", "content-length", "x-ms-server-version"}

Pair = tuple[httpx.Client, httpx.Client]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pair]]:
    with ExitStack() as stack:
        found = {}
        for script in REQUESTS:
            file = "plain" if script == "origins" else script
            peer, ours = (
                stack.enter_context(
                    served(file, tmp_path_factory.mktemp(script), by_peer=by_peer, **SETTINGS.get(script, {}))
                )
                for by_peer in (True, False)
            )
            found[script] = (peer, ours)
        yield found


def seen(client: httpx.Client, request: dict[str, Any]) -> dict[str, Any]:
    """An answer without what is another one each time."""
    answer = client.request(**request)
    headers = {name: value for name, value in answer.headers.items() if name not in FOREIGN}
    for name in ("x-request-id", "x-ms-request-id"):
        if len(headers.get(name, "")) == len(str(uuid.UUID(int=0))):
            headers[name] = str(uuid.UUID(headers[name]).variant)
    if "x-ms-run-fn-exec-ms" in headers:
        headers["x-ms-run-fn-exec-ms"] = str(float(headers["x-ms-run-fn-exec-ms"]) >= 0)
    if "allow" in headers:
        headers["allow"] = ",".join(sorted(headers["allow"].split(", ")))
    body: Any = answer.content
    if "swagger" in request["url"] and answer.status_code == 200:
        body = undescribed(answer.json())
    return {"status": answer.status_code, "headers": headers, "body": body}


def undescribed(document: Any) -> Any:
    """A Swagger document without its prose."""
    if isinstance(document, dict):
        return {key: undescribed(value) for key, value in document.items() if key != "description"}
    return [undescribed(value) for value in document] if isinstance(document, list) else document


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.timeout(900)
def test_both_answer_the_same(pairs: dict[str, Pair], name: str) -> None:
    script, _, request = name.partition(": ")
    peer, ours = (seen(client, REQUESTS[script][request]) for client in pairs[script])
    if name in DIFFERENCES:
        assert peer != ours, "the difference is gone: take it off the list"
        if DIFFERENCES[name] == LATE:  # and that is all: the status, the headers and the sentence are the peer's
            told = json.loads(ours["body"])
            assert uuid.UUID(told.pop("request_id"))
            assert {**ours, "body": told} == {**peer, "body": json.loads(peer["body"])}
    else:
        assert ours == peer


def test_every_difference_is_told_with_its_reason() -> None:
    assert set(DIFFERENCES) <= set(NAMES)
    assert len(NAMES) >= 60
    text = " ".join(REFERENCE.read_text().split())
    for reason in set(DIFFERENCES.values()):
        assert reason in text
