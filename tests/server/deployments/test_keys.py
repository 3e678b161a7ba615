"""The keys of services over REST: who has them, who may see them, and what a new one changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.rest import Rest
from zaffre.core.service_keys import digest
from zaffre.docker.engine import Engine

pytestmark = pytest.mark.usefixtures("docker")


def spec(rest: Rest, **fields: Any) -> dict[str, Any]:
    snapshot = rest.post("/snapshots", {"files": []})["id"]
    made = {"entry_script": "score.py", "source_name": "src", "snapshot_id": snapshot, "environment": {}}
    return {**made, "container": True, **fields}


def deploy(rest: Rest, **fields: Any) -> Any:
    return rest.put("/services/svc", {"spec": spec(rest), "compute_type": "ACI", "auth_enabled": True, **fields})


def keys(rest: Rest) -> tuple[str, str]:
    found = rest.post("/services/svc/keys/list")
    return found["primary_key"], found["secondary_key"]


def test_a_service_with_authentication_has_two_keys_that_can_be_replaced(rest: Rest) -> None:
    made = deploy(rest)
    assert made["auth_enabled"]
    primary, secondary = keys(rest)
    assert len({primary, secondary}) == 2
    assert min(len(primary), len(secondary)) >= 43  # 256 bits
    assert primary not in str(made)
    answer = rest.post("/services/svc/report", {"revision": 1, "state": "running"})
    assert answer["keys"] == [digest(primary), digest(secondary)]
    after = rest.post("/services/svc/keys/regenerate", {"key": "Primary"})
    assert after["primary_key"] != primary
    assert after["secondary_key"] == secondary
    assert keys(rest) == (after["primary_key"], secondary)
    assert rest.post("/services/svc/report", {"revision": 1})["keys"][0] == digest(after["primary_key"])
    assert rest.get("/services/svc")["keys_changed_at"] > made["keys_changed_at"]
    chosen = rest.post("/services/svc/keys/regenerate", {"key": "secondary", "set_key": "of-my-own-choice"})
    assert keys(rest) == (after["primary_key"], "of-my-own-choice") == (*chosen.values(),)


def test_keys_may_be_chosen_and_outlive_that_authentication_is_off(rest: Rest) -> None:
    deploy(rest, primary_key="first", secondary_key="second")
    assert keys(rest) == ("first", "second")
    off = rest.patch("/services/svc", {"auth_enabled": False})
    assert not off["auth_enabled"]
    assert off["revision"] == 1  # nothing is deployed for that
    assert rest.refused("POST", "/services/svc/keys/list")[:2] == (400, "WebserviceInvalid")
    assert rest.refused("POST", "/services/svc/keys/regenerate", {"key": "Primary"})[1] == "WebserviceInvalid"
    assert rest.post("/services/svc/report", {"revision": 1})["keys"] is None
    rest.patch("/services/svc", {"auth_enabled": True})
    assert keys(rest) == ("first", "second")
    deploy(rest, overwrite=True)
    assert keys(rest) == ("first", "second")


def test_a_service_of_the_same_name_that_comes_later_has_other_keys(rest: Rest) -> None:
    deploy(rest)
    before = keys(rest)
    rest.delete("/services/svc")
    deploy(rest)
    assert not set(keys(rest)) & set(before)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"key": "Third"}, "'Third' is not a key"),
        ({"key": "Primary", "set_key": ""}, "1 to 256 characters"),
        ({"key": "Primary", "set_key": "a b"}, "1 to 256 characters"),
        ({"key": "Primary", "set_key": "ü"}, "1 to 256 characters"),
        ({"key": "Primary", "set_key": "x" * 257}, "1 to 256 characters"),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_changes_nothing(rest: Rest, body: dict[str, str], words: str) -> None:
    deploy(rest)
    before = keys(rest)
    status, code, sentence = rest.refused("POST", "/services/svc/keys/regenerate", body)
    assert (status, code) == (400, "InvalidValue")
    assert words in sentence
    assert keys(rest) == before


def test_keys_are_for_those_who_may_work_in_the_workspace(rest: Rest) -> None:
    deploy(rest)
    route = "/services/svc/keys/list"
    elsewhere = rest.post("//tokens", {"kind": "user", "workspace": "default"})["token"]
    mlflow = rest.post("//tokens", {"kind": "mlflow", "workspace": rest.ws})["token"]
    mine = rest.post("//tokens", {"kind": "user", "workspace": rest.ws})["token"]
    assert rest.as_(None).refused("POST", route)[0] == 401
    assert rest.as_(elsewhere).refused("POST", route)[0] == 403
    assert rest.as_(mlflow).refused("POST", route)[0] == 403
    assert rest.as_(mlflow).refused("POST", "/services/svc/keys/regenerate", {"key": "Primary"})[0] == 403
    rest.post("//users", {"name": "reading", "password": "a long password", "role": "reader"})
    answer = rest.as_(None).http.post(rest.path(route), auth=("reading", "a long password"))
    assert answer.status_code == 403, answer.text
    assert rest.as_(mine).post(route)["primary_key"] == keys(rest)[0]


def test_what_a_target_cannot_honour_is_refused(rest: Rest, docker: Engine) -> None:
    def refused(**fields: Any) -> tuple[int, str, str]:
        return rest.refused("PUT", "/services/svc", {"spec": spec(rest), **fields})

    assert docker.address
    assert "local service has no authentication" in refused(auth_enabled=True)[2]
    assert "local service has no limits as a process" in refused(spec=spec(rest, cpus=1.0, container=False))[2]
    assert "register them" in refused(compute_type="ACI", spec=spec(rest, local_models={"m": "/tmp/m"}))[2]  # noqa: S108
    assert "container=true" in refused(compute_type="ACI", spec=spec(rest, container=False))[2]
    assert "must be above 0" in refused(compute_type="ACI", spec=spec(rest, cpus=-1.0))[2]
    assert "at least 0.006" in refused(compute_type="ACI", spec=spec(rest, memory_gb=0.001))[2]
    assert refused(compute_type="IOT")[:2] == (501, "Unsupported")
    deploy(rest)
    assert refused(overwrite=True)[:2] == (409, "StateConflict")
    assert rest.refused("PATCH", "/services/svc", {"spec": spec(rest, container=False)})[1] == "WebserviceInvalid"


def test_without_a_container_engine_nothing_is_made_and_a_sentence_says_so(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rest.get("/engine")["name"] in ("Docker", "Podman")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    wanted = {"spec": spec(rest), "compute_type": "ACI"}
    for method, path, body in (("PUT", "/services/svc", wanted), ("GET", "/engine", None)):
        status, code, sentence = rest.refused(method, path, body)
        assert (status, code) == (501, "Unsupported")
        assert "the server can use no container engine" in sentence
        assert "LocalWebservice.deploy_configuration()" in sentence
    assert rest.get("/services")["items"] == []
