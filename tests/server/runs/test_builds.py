"""Building environments over REST: runs that a compute target of the server takes."""

from __future__ import annotations

import pytest

from tests.server.rest import Rest, serve
from zaffre.environments import curated

SIX = {"python": {"condaDependencies": {"dependencies": ["python=3.11", {"pip": ["six==1.16.0"]}]}}}


def register(rest: Rest, name: str = "env", **definition: object) -> None:
    rest.post(f"/environments/{name}", {"definition": {"name": name, **(definition or SIX)}})


def test_a_build_is_a_run_that_starts_nothing(rest: Rest) -> None:
    register(rest)
    assert rest.get("/environments/env/builds") == {"items": [], "next": None}
    run = rest.post("/environments/env/builds", {"anew": True})
    assert (run["display_name"], run["experiment_name"], run["status"]) == ("env:1", "prepare_image", "Queued")
    assert run["target"] == "environment-builds"
    spec = rest.get(f"/runs/{run['id']}/spec")
    assert (spec["command"], spec["script"], spec["resolve_anew"]) == ("exit 0", None, True)
    assert spec["environment"] == {"name": "env", **SIX}
    assert (spec["environment_name"], spec["environment_version"]) == ("env", "1")
    register(rest, "other")
    rest.post("/environments/other/builds")
    assert [one["id"] for one in rest.get("/environments/env/builds")["items"]] == [run["id"]]


def test_a_build_goes_to_the_target_it_names(rest: Rest) -> None:
    register(rest)
    rest.put("/computes/big", {"max_nodes": 2})
    assert rest.post("/environments/env/builds", {"target": "big"})["target"] == "big"
    assert rest.post("/environments/AzureML-Minimal/builds")["properties"]["environment_version"] == "1"


def test_what_cannot_be_built_is_refused_at_once(rest: Rest) -> None:
    register(rest, "strange", python={"condaDependencies": {"depends": []}})
    status, _, sentence = rest.refused("POST", "/environments/strange/builds", {})
    assert status == 400
    assert "unknown keys: depends" in sentence
    register(rest, "context", docker={"buildContext": {"locationType": "git"}})
    status, code, sentence = rest.refused("POST", "/environments/context/builds", {})
    assert (status, code) == (400, "InvalidValue")
    assert "location '' is no address of a git repository" in sentence
    assert rest.refused("POST", "/environments/none/builds", {})[:2] == (404, "NotFound")
    assert rest.refused("POST", "/environments/strange/builds", {"version": "7"})[:2] == (404, "NotFound")


def test_a_teams_server_builds_on_the_target_that_is_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("team") / "home"
    with serve(home, team=True) as http:
        rest = Rest(http, home, "default")
        register(rest)
        status, code, sentence = rest.refused("POST", "/environments/env/builds", {})
        assert (status, code) == (404, "ComputeTargetNotFound")
        assert "Create it" in sentence
        rest.put("/computes/cluster", {"max_nodes": 1})
        assert rest.post("/environments/env/builds")["target"] == "cluster"


def test_what_an_environment_is_on_the_servers_machine(rest: Rest) -> None:
    register(rest)
    told = rest.get("/environments/env/explanation")
    assert told["state"].startswith("Not resolved on this machine yet")
    assert "pip six==1.16.0" in told["asked"] or "six==1.16.0" in " ".join(told["asked"])
    assert (told["lock"], told["resolutions"]) == (None, [])
    assert rest.refused("GET", "/environments/none/explanation")[0] == 404


def test_curated_environments_are_listed_when_asked_for_and_found_by_name(rest: Rest) -> None:
    register(rest)
    assert [one["name"] for one in rest.get("/environments")["items"]] == ["env"]
    listed = {one["name"]: one["curated"] for one in rest.get("/environments", curated=True)["items"]}
    assert listed == {"env": False, **dict.fromkeys(curated.names(), True)}
    found = rest.get("/environments/azureml-sklearn-0.24")
    assert (found["curated"], found["version"], found["labels"]) == (True, "1", ["latest"])
    assert [one["version"] for one in rest.get("/environments/AzureML-Minimal/versions")["items"]] == ["1"]
    assert rest.refused("GET", "/environments/AzureML-Minimal", version="2")[:2] == (404, "NotFound")
    register(rest, "AzureML-Minimal")
    assert rest.get("/environments/AzureML-Minimal")["curated"] is False
