"""Workspaces over REST: made on first use, by hand on a team's server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.rest import Rest, serve


def test_the_embedded_server_makes_a_workspace_on_first_use(rest: Rest) -> None:
    other = Rest(rest.http, rest.home, "first-use")
    assert other.refused("GET", "")[:2] == (404, "WorkspaceNotFound")
    assert other.get("", create=True)["created"] is True
    assert other.get("", create=True)["created"] is False
    assert other.get("")["workspace"]["name"] == "first-use"


@pytest.mark.parametrize("name", ["a", "-abc", "a" * 34, "a b"])
def test_a_name_that_is_none_is_refused_on_first_use_too(rest: Rest, name: str) -> None:
    assert Rest(rest.http, rest.home, name).refused("GET", "", create=True)[:2] == (400, "Workspace")


def test_a_team_server_makes_none_on_first_use(tmp_path: Path) -> None:
    with serve(tmp_path, team=True) as http:
        rest = Rest(http, tmp_path)
        assert rest.refused("GET", "", create=True)[:2] == (404, "WorkspaceNotFound")
        rest.post("//workspaces", {"name": "lab"})
        assert rest.get("", create=True)["created"] is False
        rest.put("/experiments/e")
        status, code, _ = rest.refused("POST", "/experiments/e/runs", {"spec": {"script": "a.py"}, "target": "cpu"})
        assert (status, code) == (404, "ComputeTargetNotFound")
        assert rest.get("//server")["team"] is True


def test_creating_changing_and_listing(rest: Rest) -> None:
    name = f"{rest.ws}-b"
    made = rest.post("//workspaces", {"name": name, "description": "d", "tags": {"a": "b"}, "resource_group": "rg"})
    assert made["created"] is True
    assert made["workspace"]["resource_group"] == "rg"
    assert rest.refused("POST", "//workspaces", {"name": name})[:2] == (409, "WorkspaceExists")
    assert rest.post("//workspaces", {"name": name, "exist_ok": True})["created"] is False
    other = Rest(rest.http, rest.home, name)
    changed = other.patch("", {"friendly_name": "F", "tags": {"c": "d"}, "snapshot_limit_bytes": 10})
    assert (changed["friendly_name"], changed["description"], changed["tags"]) == ("F", "d", {"c": "d"})
    assert name in [one["name"] for one in rest.get("//workspaces")["items"]]


def test_a_deleted_workspace_takes_everything_with_it(rest: Rest) -> None:
    run = rest.run()
    rest.send(f"/runs/{run}/artifacts/a", b"x")
    rest.send("/datastores/workspaceblobstore/files/a", b"x")
    held = [path for path in (rest.home / "artifacts").rglob("*") if rest.ws in path.parts]
    assert held
    rest.delete("")
    assert rest.refused("GET", "")[1] == "WorkspaceNotFound"
    assert rest.refused("GET", f"/runs/{run}")[0] == 404
    assert [path for path in (rest.home / "artifacts").rglob("*") if rest.ws in path.parts] == []


def test_the_default_workspace_stays(rest: Rest) -> None:
    assert Rest(rest.http, rest.home, "default").refused("DELETE", "")[:2] == (409, "StateConflict")
    assert rest.refused("DELETE", "//workspaces/none")[0] == 404


@pytest.mark.parametrize(
    "path", ["/experiments", "/runs", "/models", "/environments", "/computes", "/datastores", "/services", "/stream"]
)
def test_lists_of_a_workspace_that_is_not_there_say_so(rest: Rest, path: str) -> None:
    assert Rest(rest.http, rest.home, "nowhere").refused("GET", path)[:2] == (404, "WorkspaceNotFound")
