"""The registry of environments over REST."""

from __future__ import annotations

import pytest

from tests.server.rest import Rest
from zaffre.server.registry.environments import content_of


def test_the_same_content_is_the_same_version(rest: Rest) -> None:
    first = rest.post("/environments/env", {"definition": {"python": {"a": 1}, "name": "env"}})
    assert (first["version"], first["labels"]) == ("1", ["latest"])
    again = rest.post("/environments/env", {"definition": {"name": "other", "python": {"a": 1}, "version": "7"}})
    assert again == first
    second = rest.post("/environments/env", {"definition": {"python": {"a": 2}}})
    assert second["version"] == "2"
    assert rest.get("/environments/env")["version"] == "2"
    assert rest.get("/environments/env", version="1")["definition"]["python"] == {"a": 1}
    assert [item["version"] for item in rest.get("/environments/env/versions")["items"]] == ["2", "1"]


def test_a_version_may_be_named_and_never_changes(rest: Rest) -> None:
    made = rest.post("/environments/env", {"definition": {"a": 1}, "version": "2024-a"})
    assert rest.post("/environments/env", {"definition": {"a": 1}, "version": "2024-a"}) == made
    body = {"definition": {"a": 2}, "version": "2024-a"}
    assert rest.refused("POST", "/environments/env", body)[:2] == (409, "StateConflict")
    rest.post("/environments/env", {"definition": {"a": 3}, "version": "9"})
    assert rest.post("/environments/env", {"definition": {"a": 4}})["version"] == "10"


def test_labels_point_at_one_version(rest: Rest) -> None:
    for number in (1, 2):
        rest.post("/environments/env", {"definition": {"a": number}})
    rest.put("/environments/env/versions/1/labels", {"labels": ["stable"]})
    assert rest.get("/environments/env", label="stable")["version"] == "1"
    rest.put("/environments/env/versions/2/labels", {"labels": ["stable"]})
    assert rest.get("/environments/env", label="stable")["version"] == "2"
    assert rest.get("/environments/env", version="1")["labels"] == []
    refused = rest.refused("PUT", "/environments/env/versions/1/labels", {"labels": ["latest"]})
    assert refused[:2] == (400, "InvalidValue")


def test_a_deleted_version_takes_its_labels_with_it(rest: Rest) -> None:
    for number in (1, 2, 3):
        rest.post("/environments/env", {"definition": {"a": number}})
    rest.put("/environments/env/versions/3/labels", {"labels": ["stable"]})
    rest.delete("/environments/env/versions/3")
    assert [item["version"] for item in rest.get("/environments/env/versions")["items"]] == ["2", "1"]
    assert (rest.get("/environments/env")["version"], rest.get("/environments/env")["labels"]) == ("2", ["latest"])
    assert rest.refused("GET", "/environments/env", label="stable")[:2] == (404, "NotFound")
    rest.delete("/environments/env/versions/1")
    assert rest.get("/environments/env")["version"] == "2"
    rest.delete("/environments/env/versions/2")
    assert rest.get("/environments")["items"] == []
    assert rest.refused("DELETE", "/environments/env/versions/2")[:2] == (404, "NotFound")


def test_the_list_shows_the_newest_of_each(rest: Rest) -> None:
    for name, number in (("b", 1), ("a", 1), ("b", 2)):
        rest.post(f"/environments/{name}", {"definition": {"n": number}})
    shown = [(item["name"], item["version"]) for item in rest.get("/environments")["items"]]
    assert shown == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("env", {"definition": []}),
        ("env", {"definition": {}, "version": ""}),
        ("env", {"definition": {}, "version": "a/b"}),
        ("-env", {"definition": {}}),
        ("env", {}),
    ],
)
def test_what_is_no_environment_is_refused(rest: Rest, name: str, body: object) -> None:
    assert rest.refused("POST", f"/environments/{name}", body)[0] == 400


def test_what_is_not_there_is_not_found(rest: Rest) -> None:
    rest.post("/environments/env", {"definition": {}})
    assert rest.refused("GET", "/environments/none")[:2] == (404, "NotFound")
    assert rest.refused("GET", "/environments/none/versions")[:2] == (404, "NotFound")
    assert rest.refused("GET", "/environments/env", version="9")[:2] == (404, "NotFound")
    assert rest.refused("GET", "/environments/env", label="none")[:2] == (404, "NotFound")
    assert rest.refused("GET", "/environments/env", label="a", version="1")[:2] == (400, "InvalidValue")
    assert rest.refused("PUT", "/environments/env/versions/9/labels", {"labels": ["a"]})[0] == 404


def test_the_order_of_keys_is_no_content() -> None:
    assert content_of({"a": 1, "b": {"c": 2, "d": 3}}) == content_of({"b": {"d": 3, "c": 2}, "a": 1})
    assert content_of({"a": [1, 2]}) != content_of({"a": [2, 1]})
