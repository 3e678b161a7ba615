"""Endpoints over REST: their versions, what traffic each gets, their keys and tokens, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.rest import Rest
from zaffre.core.service_keys import digest


def spec(rest: Rest, **fields: Any) -> dict[str, Any]:
    snapshot = rest.post("/snapshots", {"files": []})["id"]
    made = {"entry_script": "score.py", "source_name": "src", "snapshot_id": snapshot, "environment": {}}
    return {**made, **fields}


def deploy(rest: Rest, *, version: dict[str, Any] | None = None, **fields: Any) -> Any:
    body = {"version_name": "one", "version": {"spec": spec(rest), **(version or {})}, **fields}
    return rest.put("/endpoints/front", body)


def add(rest: Rest, name: str, **fields: Any) -> Any:
    return rest.put(f"/endpoints/front/versions/{name}", {"spec": spec(rest), **fields})


def shares(endpoint: Any) -> dict[str, int]:
    return {version["name"]: version["traffic_percentile"] for version in endpoint["versions"]}


def kinds(endpoint: Any) -> dict[str, tuple[bool, str]]:
    return {version["name"]: (version["is_default"], version["version_type"]) for version in endpoint["versions"]}


def test_the_default_version_gets_what_the_others_leave(rest: Rest) -> None:
    made = deploy(rest, version={"traffic_percentile": 20})
    assert (made["service"]["compute_type"], made["service"]["auth_enabled"]) == ("AKSENDPOINT", True)
    assert shares(made) == {"one": 100}
    assert kinds(made) == {"one": (True, "Control")}
    assert shares(add(rest, "two", traffic_percentile=30)) == {"one": 70, "two": 30}
    assert shares(add(rest, "three")) == {"one": 70, "two": 30, "three": 0}
    changed = rest.patch("/endpoints/front/versions/three", {"is_default": True, "is_control_version_type": True})
    assert kinds(changed) == {"one": (False, "Treatment"), "two": (False, "Treatment"), "three": (True, "Control")}
    assert shares(changed) == {"one": 20, "two": 30, "three": 50}
    assert shares(rest.delete("/endpoints/front/versions/two", expect=200)) == {"one": 20, "three": 80}
    assert shares(rest.get("/endpoints/front")) == {"one": 20, "three": 80}


def test_shares_are_set_in_one_step_and_must_be_the_whole(rest: Rest) -> None:
    deploy(rest)
    add(rest, "two")
    route = "/endpoints/front/traffic"
    assert shares(rest.put(route, {"percentages": {"one": 25, "two": 75}})) == {"one": 25, "two": 75}
    assert shares(rest.put(route, {"percentages": {"two": 100}})) == {"one": 0, "two": 100}
    for wrong, words in (
        ({"one": 50, "two": 49}, "99 % together"),
        ({"one": 60, "two": 60}, "120 % together"),
        ({"one": 101, "two": -1}, "must be 0 to 100"),
        ({"one": 50, "else": 50}, "no version 'else'"),
        ({}, "0 % together"),
    ):
        status, code, sentence = rest.refused("PUT", route, {"percentages": wrong})
        assert (status, code) == (400, "WebserviceInvalid")
        assert words in sentence
    assert shares(rest.get("/endpoints/front")) == {"one": 0, "two": 100}


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PATCH", "two", {"traffic_percentile": -1}, "must be 0 to 100"),
        ("PATCH", "two", {"traffic_percentile": 101}, "must be 0 to 100"),
        ("PATCH", "two", {"traffic_percentile": 50}, "110 % together"),
        ("PATCH", "one", {"traffic_percentile": 50}, "60 %"),
        ("PATCH", "one", {"is_default": False}, "one must be"),
        ("PATCH", "one", {"is_control_version_type": False}, "one must be"),
        ("DELETE", "one", None, "such as two"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    rest: Rest, method: str, path: str, body: dict[str, Any] | None, words: str
) -> None:
    deploy(rest)
    add(rest, "two")
    add(rest, "three", traffic_percentile=60)
    before = rest.get("/endpoints/front")
    status, code, sentence = rest.refused(method, f"/endpoints/front/versions/{path}", body)
    assert (status, code) == (400, "WebserviceInvalid")
    assert words in sentence
    assert shares(rest.get("/endpoints/front")) == shares(before)
    assert kinds(rest.get("/endpoints/front")) == kinds(before)


def test_the_default_version_is_the_control_when_that_is_deleted(rest: Rest) -> None:
    deploy(rest)
    add(rest, "two")
    rest.patch("/endpoints/front/versions/two", {"is_default": True})
    assert kinds(rest.get("/endpoints/front")) == {"one": (False, "Control"), "two": (True, "Treatment")}
    assert kinds(rest.call("DELETE", "/endpoints/front/versions/one")) == {"two": (True, "Control")}


def test_versions_that_are_there_or_are_not(rest: Rest) -> None:
    deploy(rest)
    body = {"spec": spec(rest)}
    assert rest.refused("PUT", "/endpoints/front/versions/one", body)[:2] == (409, "WebserviceExists")
    assert rest.refused("PUT", "/endpoints/front/versions/No!", body)[:2] == (400, "WebserviceInvalid")
    for method, answered in (("PATCH", {}), ("DELETE", None)):
        assert rest.refused(method, "/endpoints/front/versions/none", answered)[:2] == (404, "WebserviceNotFound")
    assert rest.refused("GET", "/endpoints/none")[:2] == (404, "WebserviceNotFound")
    assert "the only one" in rest.refused("DELETE", "/endpoints/front/versions/one")[2]
    assert rest.refused("PUT", "/endpoints/front", {"version_name": "one", "version": body})[:2] == (
        409,
        "WebserviceExists",
    )
    rest.put("/services/plain", {"spec": spec(rest)})
    assert rest.refused("GET", "/endpoints/plain")[:2] == (404, "WebserviceNotFound")
    again = {"version_name": "one", "version": body, "overwrite": True}
    assert rest.refused("PUT", "/endpoints/plain", again)[:2] == (409, "StateConflict")


def test_deployed_anew_it_has_that_version_alone_and_its_keys(rest: Rest) -> None:
    deploy(rest)
    add(rest, "two")
    keys = rest.post("/services/front/keys/list")
    body = {"version_name": "two", "version": {"spec": spec(rest)}, "overwrite": True}
    made = rest.put("/endpoints/front", body)
    assert kinds(made) == {"two": (True, "Control")}
    assert made["versions"][0]["service"]["revision"] == 2
    assert rest.post("/services/front/keys/list") == keys


def test_a_version_is_a_service_that_no_list_shows(rest: Rest) -> None:
    deploy(rest, tags={"a": "b"}, description="words")
    listed = rest.get("/services")["items"]
    assert [service["name"] for service in listed] == ["front"]
    version = rest.get("/services/front.one")
    assert (version["compute_type"], version["state"], version["auth_enabled"]) == ("AKS", "deploying", True)
    changed = rest.patch("/endpoints/front/versions/one", {"tags": {"x": "y"}, "description": "of the version"})
    assert changed["versions"][0]["service"]["tags"] == {"x": "y"}
    assert changed["versions"][0]["service"]["revision"] == 1
    assert (changed["service"]["tags"], changed["service"]["description"]) == ({"a": "b"}, "words")
    anew = rest.patch("/endpoints/front/versions/one", {"spec": spec(rest)})
    assert anew["versions"][0]["service"]["revision"] == 2
    assert anew["service"]["revision"] == 1
    for method, path, body in (
        ("DELETE", "/services/front.one", None),
        ("POST", "/services/front.one/keys/regenerate", {"key": "Primary"}),
        ("POST", "/services/front.one/tokens", {}),
        ("PATCH", "/services/front.one", {"auth_enabled": False}),
        ("PATCH", "/services/front", {"spec": spec(rest)}),
        ("POST", "/services/front/reload", {}),
    ):
        assert rest.refused(method, path, body)[:2] == (400, "WebserviceInvalid"), (method, path)
    rest.delete("/services/front")
    for name in ("front", "front.one"):
        assert rest.refused("GET", f"/services/{name}")[0] == 404


def test_versions_have_the_keys_of_their_endpoint(rest: Rest) -> None:
    deploy(rest)
    add(rest, "two")
    keys = rest.post("/services/front/keys/list")
    expected = [digest(keys["primary_key"]), digest(keys["secondary_key"])]
    for name in ("front", "front.one", "front.two"):
        assert rest.post(f"/services/{name}/report", {"revision": 1})["keys"] == expected
    before = rest.get("/services/front.two")["keys_changed_at"]
    after = rest.post("/services/front/keys/regenerate", {"key": "Primary"})
    assert rest.post("/services/front.two/report", {"revision": 1})["keys"][0] == digest(after["primary_key"])
    assert rest.get("/services/front.two")["keys_changed_at"] > before
    off = rest.patch("/endpoints/front", {"auth_enabled": False})
    assert not off["service"]["auth_enabled"]
    assert rest.post("/services/front.one/report", {"revision": 1})["keys"] is None


def test_tokens_open_an_endpoint_in_place_of_keys(rest: Rest) -> None:
    made = deploy(rest, auth_enabled=False, token_auth_enabled=True)
    assert (made["service"]["auth_enabled"], made["service"]["token_auth_enabled"]) == (False, True)
    assert rest.post("/services/front.one/report", {"revision": 1})["keys"] == []
    token = rest.post("/services/front/tokens")
    assert token["token_type"] == "Bearer"
    assert token["expiry_on"] - token["refresh_after"] == 4 * 3600 * 1000
    known = f"{digest(token['access_token'])}@{token['expiry_on']}"
    for name in ("front", "front.one"):
        assert rest.post(f"/services/{name}/report", {"revision": 1})["keys"] == [known]
    assert rest.refused("POST", "/services/front/keys/list")[:2] == (400, "WebserviceInvalid")
    keyed = rest.patch("/endpoints/front", {"auth_enabled": True})["service"]
    assert (keyed["auth_enabled"], keyed["token_auth_enabled"]) == (True, False)
    assert rest.refused("POST", "/services/front/tokens")[:2] == (400, "WebserviceInvalid")
    both = {"auth_enabled": True, "token_auth_enabled": True}
    assert "not both" in rest.refused("PATCH", "/endpoints/front", both)[2]
    assert rest.refused("POST", "/services/none/tokens")[0] == 404


def test_tokens_and_keys_are_for_those_who_may_work_in_the_workspace(rest: Rest) -> None:
    deploy(rest, auth_enabled=False, token_auth_enabled=True)
    route = "/services/front/tokens"
    elsewhere = rest.post("//tokens", {"kind": "user", "workspace": "default"})["token"]
    mlflow = rest.post("//tokens", {"kind": "mlflow", "workspace": rest.ws})["token"]
    mine = rest.post("//tokens", {"kind": "user", "workspace": rest.ws})["token"]
    rest.post("//users", {"name": "reading", "password": "a long password", "role": "reader"})
    for path in (route, "/services/front.one/keys/list"):
        assert rest.as_(None).refused("POST", path)[0] == 401
        assert rest.as_(elsewhere).refused("POST", path)[0] == 403
        assert rest.as_(mlflow).refused("POST", path)[0] == 403
        assert rest.as_(None).http.post(rest.path(path), auth=("reading", "a long password")).status_code == 403
    assert rest.as_(mine).post(route)["access_token"] not in str(rest.get("/endpoints/front"))


def test_copies_go_to_one_version_and_their_report_is_kept(rest: Rest) -> None:
    deploy(rest)
    add(rest, "two")
    empty = rest.get("/endpoints/front/shadow")
    assert (empty["version"], empty["same"], empty["examples"]) == ("", 0, [])
    assert rest.patch("/endpoints/front", {"mirror_traffic": {"two": 50}})["mirror_traffic"] == {"two": 50}
    answered = {"version": "one", "status": 200, "body": "1", "milliseconds": 1.5}
    example = {
        "at": 1,
        "request_id": "r",
        "request": "{}",
        "answered": answered,
        "mirrored": answered | {"version": "two"},
    }
    report = {"version": "two", "since": 5, "same": 3, "different": 1, "failed": 0, "dropped": 2, "examples": [example]}
    rest.post("/endpoints/front/shadow", report)
    assert rest.get("/endpoints/front/shadow") == report
    rest.post("/endpoints/front/shadow", report | {"version": "one", "same": 99})  # of an earlier setting
    assert rest.get("/endpoints/front/shadow") == report
    for wrong, words in (
        ({"none": 5}, "no such version"),
        ({"one": 1, "two": 1}, "one version"),
        ({"two": 101}, "100"),
    ):
        assert words in rest.refused("PATCH", "/endpoints/front", {"mirror_traffic": wrong})[2]
    rest.delete("/endpoints/front/versions/two", expect=200)
    assert rest.get("/endpoints/front")["mirror_traffic"] == {}
    assert rest.get("/endpoints/front/shadow") == empty


def test_what_the_server_cannot_honour_is_refused(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

    def refused(**fields: Any) -> str:
        body = {"version_name": "one", "version": {"spec": spec(rest, **fields)}}
        return rest.refused("PUT", "/endpoints/front", body)[2]

    assert "no container engine" in refused(container=True)
    assert "hold for containers" in refused(cpus=1.0)
    assert "hold for containers" in refused(memory_gb=1.0)
    assert "cpu_cores is 4096, and the server's machine has" in refused(cpus_reserved=4096)
    assert "memory_gb is 1e+06, and the server's machine has" in refused(memory_gb_reserved=1_000_000)
    assert "cpus_reserved is -1" in refused(cpus_reserved=-1)
    assert "memory_gb is 0.1, less than the 0.2 that are reserved" in refused(memory_gb_reserved=0.2, memory_gb=0.1)
    assert "max_workers of a service's scaling must be 1 to 64" in refused(scaling={"max_workers": 65})
    assert "period_seconds of a liveness probe" in refused(probe={"period_seconds": 0})
    assert "register them" in refused(local_models={"m": "/tmp/m"})  # noqa: S108
    assert rest.get("/services")["items"] == []
