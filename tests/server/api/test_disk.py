"""What environments take on the server's disk, over REST: real ones, built into its home."""

from __future__ import annotations

from tests.server.rest import Rest
from zaffre.environments.realise import realise


def build(rest: Rest, name: str, package: str) -> str:
    given = {"name": name, "python": {"condaDependencies": {"dependencies": [{"pip": [package]}]}}}
    return realise(given, home=rest.home, log=lambda _: None).key


def test_environments_on_disk_are_listed_and_only_the_named_ones_removed(rest: Rest) -> None:
    goes, stays = build(rest, "goes", "six==1.16.0"), build(rest, "stays", "six==1.15.0")
    found = {one["key"]: one for one in rest.get("//disk/environments")["items"]}
    assert found[goes]["what"] == "goes"
    assert (found[goes]["kind"], found[goes]["in_use"], found[goes]["layers"]) == ("environment", False, 0)
    assert 0 < found[goes]["freed"] <= found[goes]["size"]
    assert found[goes]["used_at"] > 1_700_000_000_000
    removed = rest.post("//disk/environments/prune", {"keys": [goes, "unknown"]})["items"]
    assert [one["key"] for one in removed] == [goes]
    assert goes not in {one["key"] for one in rest.get("//disk/environments")["items"]}
    assert (rest.home / "environments" / stays / "zaffre-environment.json").is_file()
    assert not (rest.home / "environments" / goes).exists()
    told = rest.post("/environments/goes", {"definition": {"name": "goes", "python": {}}})
    assert told["version"] == "1"


def test_only_an_admin_may_look_and_remove(rest: Rest) -> None:
    rest.post("//users", {"name": f"u-{rest.ws}", "password": "a long enough word", "role": "user"})
    answer = rest.as_(None).http.post(
        rest.path("//signin"), json={"name": f"u-{rest.ws}", "password": "a long enough word"}
    )
    assert answer.status_code == 204, answer.text
    user = rest.as_(None)
    user.http.cookies = answer.cookies
    user.http.headers["Origin"] = "http://127.0.0.1"
    user.http.headers["Host"] = "127.0.0.1"
    assert user.refused("GET", "//disk/environments")[:2] == (403, "PermissionDenied")
    status, code, sentence = user.refused("POST", "//disk/environments/prune", {"keys": []})
    assert (status, code) == (403, "PermissionDenied")
    assert "admins" in sentence
