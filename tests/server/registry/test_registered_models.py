"""Registered models as wholes over REST: description, tags, aliases, and who may change them."""

from __future__ import annotations

from typing import Any

from tests.server.permissions import V2, Asker, Lab
from tests.server.registry.test_models import register
from tests.server.rest import Rest


def aliases(rest: Rest, name: str = "iris") -> Any:
    return rest.get(f"/registered-models/{name}")["aliases"]


def test_a_list_has_every_model_also_without_a_version(rest: Rest) -> None:
    register(rest)
    register(rest)
    Asker(rest, "admin").ok("POST", f"{V2}/registered-models/create", name="Leeres Modell")
    found = rest.get("/registered-models")["items"]
    assert [(model["name"], model["latest_version"]) for model in found] == [("Leeres Modell", 0), ("iris", 2)]


def test_pages_follow_each_other(rest: Rest) -> None:
    for name in ("a", "b", "c"):
        register(rest, name)
    first = rest.get("/registered-models", limit=2)
    second = rest.get("/registered-models", limit=2, after=first["next"])
    assert [model["name"] for page in (first, second) for model in page["items"]] == ["a", "b", "c"]
    assert second["next"] is None


def test_description_and_tags_are_the_models_not_a_versions(rest: Rest) -> None:
    register(rest)
    changed = rest.patch("/registered-models/iris", {"description": "Flowers", "tags": {"team": "botany", "old": "1"}})
    assert (changed["description"], changed["tags"]) == ("Flowers", {"team": "botany", "old": "1"})
    assert rest.patch("/registered-models/iris", {"remove_tags": ["old"]})["tags"] == {"team": "botany"}
    assert rest.get("/registered-models/iris")["description"] == "Flowers"
    assert (rest.get("/models/iris")["description"], rest.get("/models/iris")["tags"]) == ("", {})


def test_an_alias_points_at_one_version_and_moves(rest: Rest) -> None:
    register(rest)
    register(rest)
    assert rest.put("/registered-models/iris/aliases/champion", {"version": 1})["aliases"] == {"champion": 1}
    rest.put("/registered-models/iris/aliases/次の", {"version": 2})
    rest.put("/registered-models/iris/aliases/champion", {"version": 2})
    assert aliases(rest) == {"champion": 2, "次の": 2}
    rest.delete("/registered-models/iris/aliases/champion")
    rest.delete("/registered-models/iris/aliases/champion")
    assert aliases(rest) == {"次の": 2}
    rest.delete("/models/iris/versions/2")
    assert aliases(rest) == {}


def test_what_is_no_alias_or_no_version_is_refused(rest: Rest) -> None:
    register(rest)
    for alias in ("latest", "LATEST", "v1", "V22", "a b", "x" * 256):
        refused = rest.refused("PUT", f"/registered-models/iris/aliases/{alias}", {"version": 1})
        assert refused[:2] == (400, "InvalidName"), alias
    for version in (9, 0, -1, 2**63, 2**70):
        refused = rest.refused("PUT", "/registered-models/iris/aliases/best", {"version": version})
        assert refused[:2] == (404, "ModelNotFound"), version
    assert rest.refused("PUT", "/registered-models/no/aliases/best", {"version": 1})[:2] == (404, "ModelNotFound")
    assert rest.refused("PATCH", "/registered-models/no", {"description": "x"})[:2] == (404, "ModelNotFound")
    assert aliases(rest) == {}


def test_a_model_is_deleted_with_its_versions(rest: Rest) -> None:
    register(rest)
    register(rest)
    rest.delete("/registered-models/iris")
    assert rest.refused("GET", "/registered-models/iris")[:2] == (404, "ModelNotFound")
    assert rest.refused("GET", "/models/iris/versions/1")[0] == 404
    assert list((rest.home / "artifacts").rglob("models/iris/*")) == []


def test_permissions_on_a_model_hold_for_it_as_a_whole(rest: Rest) -> None:
    lab = Lab(rest)
    nobody, reader, editor = (lab.user("user", level) for level in ("NO_PERMISSIONS", "READ", "EDIT"))
    path, alias = "/registered-models/secret-model", "/registered-models/secret-model/aliases/best"
    asked = [
        ("GET", path, None),
        ("PATCH", path, {"description": "mine"}),
        ("PUT", alias, {"version": 1}),
        ("DELETE", alias, None),
        ("DELETE", path, None),
    ]
    for asker, allowed in ((nobody, 0), (reader, 1), (editor, 3)):
        answers = [asker.rest.raw(method, where, json=body).status_code for method, where, body in asked]
        assert [status != 403 for status in answers] == [number < allowed for number in range(len(asked))], answers
    assert [model["name"] for model in nobody.rest.get("/registered-models")["items"]] == []
    assert [model["name"] for model in reader.rest.get("/registered-models")["items"]] == ["secret-model"]
