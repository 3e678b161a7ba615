"""What is refused is refused in a sentence, with the code and the status that belong together."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.server.rest import Rest
from zaffre.core import limits
from zaffre.core.errors import AzureMLException, Category, from_wire
from zaffre.server.api.errors import STATUS, render


def test_every_category_has_a_status() -> None:
    assert set(STATUS) == set(Category)


@pytest.mark.parametrize("cls", [cls for _, cls in sorted(AzureMLException.by_code.items())])
def test_every_error_comes_back_as_itself(cls: type[AzureMLException]) -> None:
    answer = render(cls("Something is wrong.", detail=1))
    assert answer.status_code == STATUS[cls.category]
    back = from_wire(json.loads(bytes(answer.body)))
    assert type(back) is cls
    assert (back.message, back.facts) == ("Something is wrong.", {"detail": 1})


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["//nothing", "/nothing/here", "//workspaces/lab/runs/x/y/z"])
def test_an_unknown_route_is_told_in_json(rest: Rest, method: str, path: str) -> None:
    status, code, sentence = rest.refused(method, path)
    assert (status, code) == (404, "NotFound")
    assert method in sentence


@pytest.mark.parametrize("path", ["/api/2.0/nothing", "/api/3.0/mlflow/nothing", "/api/9.0/x", "/api/2.0", "/api"])
def test_an_unknown_mlflow_route_is_told_in_its_words(rest: Rest, path: str) -> None:
    for method in ("GET", "POST"):
        answer = rest.http.request(method, path, json={})
        assert answer.status_code == 404, path
        assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_a_wrong_verb_is_told_which_are_right(rest: Rest) -> None:
    answer = rest.raw("DELETE", "/experiments")
    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert answer.json()["error"]["code"] == "Unsupported"


def test_a_field_that_is_not_known_is_refused(rest: Rest) -> None:
    status, code, sentence = rest.refused("POST", "//workspaces", {"name": "abc", "colour": "blue"})
    assert (status, code) == (400, "InvalidValue")
    assert "colour" in sentence


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": 5}, "name"), ({"name": "abc", "tags": {"a": 1}}, "tags"), ([], "body"), ("x", "body")],
)
def test_a_body_of_another_shape_is_refused_by_its_field(rest: Rest, body: object, field: str) -> None:
    status, code, sentence = rest.refused("POST", "//workspaces", body)
    assert (status, code) == (400, "InvalidValue")
    assert field in sentence


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nonsense"])
def test_a_body_that_is_not_json_is_refused(rest: Rest, body: bytes) -> None:
    run = rest.run()
    for path in ("//workspaces", f"/runs/{run}/metrics"):
        answer = rest.raw("POST", path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, path
        assert answer.json()["error"]["code"] == "InvalidValue"


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("application/json", b"{nope", "not JSON"),
        ("application/json", b"", "Send a JSON object"),
        ("application/x-www-form-urlencoded", b'{"name": "abc"}', "Content-Type: application/json"),
        ("text/plain", b'{"name": "abc"}', "Content-Type: application/json"),
    ],
)
def test_a_body_that_cannot_be_read_says_how_to_send_it(rest: Rest, kind: str, body: bytes, sentence: str) -> None:
    answer = rest.raw("POST", "//workspaces", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": "x"}, {"after": "x"}])
def test_a_wrong_query_is_refused(rest: Rest, query: dict[str, object]) -> None:
    assert rest.refused("GET", "/datastores", **query)[:2] == (400, "InvalidValue")


def test_a_body_over_the_limit_is_refused_with_the_limit(rest: Rest) -> None:
    answer = rest.raw("POST", "//workspaces", content=b" " * (limits.JSON_BODY_BYTES + 1))
    status, code, sentence = answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["message"]
    assert (status, code) == (413, "TooLarge")
    assert str(limits.JSON_BODY_BYTES) in sentence


def test_a_body_that_hides_its_length_is_refused_all_the_same(rest: Rest) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(limits.JSON_BODY_BYTES // limits.MIB + 1):
            yield b" " * limits.MIB

    run = rest.run()
    for path in ("//workspaces", f"/runs/{run}/metrics"):
        answer = rest.raw("POST", path, content=pieces())
        assert answer.status_code == 413, path
        assert answer.json()["error"]["facts"] == {"limit": limits.JSON_BODY_BYTES}


def test_every_answer_has_the_security_headers(rest: Rest) -> None:
    for path in ("/health", "/", "/api/v1/server", "/api/v1/nothing", "/api/2.0/nothing", "/ws/lab"):
        for client in (rest, rest.as_(None)):
            headers = client.http.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "SAMEORIGIN"
            assert headers["referrer-policy"] == "no-referrer"
            assert "cache-control" in headers
