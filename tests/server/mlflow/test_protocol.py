"""Framing, errors and identity over the whole door."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mlflow.protos.databricks_pb2 import ErrorCode
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import API, Door
from zaffre.core.errors import AzureMLException, Category, InternalError, InvalidValue, NotFound, StorageFull
from zaffre.server.mlflow.errors import render, status_and_code
from zaffre.server.mlflow.routes import ACTS, PROTOCOL_VERSION, TRANSFERS


class OfCategory(AzureMLException):
    pass


@pytest.mark.parametrize("category", list(Category))
def test_every_kind_of_error_has_a_code_that_clients_know(category: Category) -> None:
    error = OfCategory("a sentence")
    type(error).category = category
    status, code = status_and_code(error)
    assert ErrorCode.Value(code)
    assert 400 <= status < 600
    assert json.loads(bytes(render(error).body)) == {"error_code": code, "message": "a sentence"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidValue("x"), 400, "INVALID_PARAMETER_VALUE"),
        (NotFound("x"), 404, "RESOURCE_DOES_NOT_EXIST"),
        (StorageFull("x"), 507, "RESOURCE_EXHAUSTED"),
        (InternalError("x"), 500, "INTERNAL_ERROR"),
    ],
)
def test_errors_have_mlflows_status(error: AzureMLException, status: int, code: str) -> None:
    assert status_and_code(error) == (status, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.0/mlflow/nothing"),
        ("GET", "/api/3.0/mlflow/traces"),
        ("POST", "/api/3.0/mlflow/traces/batchGet"),
        ("GET", "/api/2.0/mlflow/unified-traces"),
        ("GET", "/api/2.0/mlflow/issues"),
        ("POST", "/ajax-api/3.0/mlflow/gateway/secrets/create"),
        ("GET", "/api/4.0/mlflow/x"),
        ("GET", "/api/nothing"),
        ("GET", "/v1/traces"),
        ("POST", "/v1/metrics"),
        ("POST", "/graphql"),
        ("GET", "/api/2.0/mlflow/runs/create"),
        ("DELETE", "/api/2.0/mlflow/runs/get"),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/other/0/x/artifacts/y"),
    ],
)
def test_an_unknown_route_is_told_in_the_words_that_clients_fall_back_on(
    http: TestClient, method: str, path: str
) -> None:
    answer = http.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"
    assert path in answer.json()["message"]


def test_no_route_answers_nobody(http: TestClient) -> None:
    nobody = TestClient(http.app, base_url="http://127.0.0.1")
    routes = [(act.verb, act.path) for act in ACTS] + [(transfer.verb, transfer.path) for transfer in TRANSFERS]
    for verb, below in routes:
        for base in ("", "/workspaces/default"):
            for api in ("/api", "/ajax-api"):
                api = "" if below.startswith("v1/") else api
                path = f"{base}{api}/{below}".replace("{", "").replace("}", "")
                answer = nobody.request(verb, path)
                assert answer.status_code == 401, path
                assert answer.json()["error_code"] == "UNAUTHENTICATED"
                assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_token_of_one_workspace_opens_no_other(http: TestClient) -> None:
    for name in ("mine", "other"):
        http.get(f"/api/v1/workspaces/{name}?create=true").raise_for_status()
    made = http.post("/api/v1/tokens", json={"kind": "mlflow", "workspace": "mine"}).json()
    mine = TestClient(http.app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {made['token']}"})
    path = "/api/2.0/mlflow/experiments/search?max_results=1"
    assert mine.get(f"/workspaces/mine{path}").status_code == 200
    for base in ("/workspaces/other", ""):
        answer = mine.get(f"{base}{path}")
        assert answer.status_code == 403
        assert answer.json()["error_code"] == "PERMISSION_DENIED"


def test_workspaces_share_nothing(http: TestClient) -> None:
    http.get("/api/v1/workspaces/apart?create=true").raise_for_status()
    here, there = Door(http), Door(http, "/workspaces/apart")
    run_id = here.run()
    experiment_id = there.experiment("same name")
    assert here.experiment("same name") != experiment_id
    there.get("runs/get", 404, run_id=run_id)
    here.get("experiments/get", 404, experiment_id=experiment_id)
    # To each workspace "0" is its own default experiment.
    theirs = there.run("0")
    assert [run["info"]["run_id"] for run in there.post("runs/search", {"experiment_ids": ["0"]})["runs"]] == [theirs]
    answer = http.get("/workspaces/nowhere/api/2.0/mlflow/experiments/search?max_results=1")
    assert (answer.status_code, answer.json()["error_code"]) in [(404, "RESOURCE_DOES_NOT_EXIST")]


def test_a_workspace_in_a_header_must_be_that_of_the_uri(http: TestClient) -> None:
    answer = http.get(f"{API}/experiments/get?experiment_id=0", headers={"X-MLFLOW-WORKSPACE": "elsewhere"})
    assert answer.status_code == 400
    assert "elsewhere" in answer.json()["message"]
    same = http.get(f"{API}/experiments/get?experiment_id=0", headers={"X-MLFLOW-WORKSPACE": "default"})
    assert same.status_code == 200


@pytest.mark.parametrize(
    ("headers", "body", "sentence"),
    [
        ({}, b"{}", "Content-Type header is missing"),
        ({"Content-Type": "text/plain"}, b"{}", "Content-Type must be one of ['application/json']"),
        ({"Content-Type": "application/json"}, b"", "Missing value for required parameter 'name'"),
        ({"Content-Type": "application/json"}, b"{oops", "Missing value for required parameter 'name'"),
        ({"Content-Type": "application/json"}, b"[]", "Missing value for required parameter 'name'"),
        ({"Content-Type": "application/json"}, b'{"name": 5}', "Invalid value 5 for parameter 'name' supplied"),
    ],
)
def test_a_bad_frame_is_refused(http: TestClient, headers: dict[str, str], body: bytes, sentence: str) -> None:
    answer = http.post(f"{API}/experiments/create", content=body, headers=headers)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


def test_a_body_over_the_limit_is_refused(http: TestClient) -> None:
    body = b'{"name": "' + b"x" * (33 * 1024 * 1024) + b'"}'
    answer = http.post(f"{API}/experiments/create", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["error_code"] == "BAD_REQUEST"


def test_answers_are_plain_json_with_safe_headers(http: TestClient) -> None:
    answer = http.get(f"{API}/experiments/get", params={"experiment_id": "0"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    found: dict[str, Any] = answer.json()["experiment"]
    assert found["experiment_id"] == "0"
    assert found["name"] == "Default"
    assert isinstance(found["creation_time"], int)
    assert "tags" not in found


def test_the_older_prefix_is_the_same_door(http: TestClient) -> None:
    one = http.get(f"{API}/experiments/get?experiment_id=0").json()
    two = http.get("/ajax-api/2.0/mlflow/experiments/get?experiment_id=0").json()
    assert one == two


def test_the_probes(http: TestClient) -> None:
    nobody = TestClient(http.app, base_url="http://127.0.0.1")
    assert nobody.get("/health").text == "OK"
    assert nobody.get("/version").text == PROTOCOL_VERSION
    assert http.get("/workspaces/default/version").text == PROTOCOL_VERSION
    info = http.get("/api/3.0/mlflow/server-info").json()
    assert info["artifact_serving_enabled"] is True
    assert info["multipart_uploads_enabled"] is False
