"""Every endpoint that clients from 2.21 to 3.18 call, at every address it has, with what it cannot do without."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

# verb, path below /api, the required fields in the order in which their absence is told
TRACKING = """
GET 2.0/mlflow/experiments/get-by-name experiment_name
POST 2.0/mlflow/experiments/create name
POST 2.0/mlflow/experiments/search -
GET 2.0/mlflow/experiments/search -
GET 2.0/mlflow/experiments/get experiment_id
POST 2.0/mlflow/experiments/delete experiment_id
POST 2.0/mlflow/experiments/restore experiment_id
POST 2.0/mlflow/experiments/update experiment_id new_name
POST 2.0/mlflow/experiments/set-experiment-tag experiment_id key
POST 2.0/mlflow/experiments/delete-experiment-tag experiment_id key
POST 2.0/mlflow/experiments/search-datasets experiment_ids
POST 2.0/mlflow/runs/create -
POST 2.0/mlflow/runs/update run_id
POST 2.0/mlflow/runs/delete run_id
POST 2.0/mlflow/runs/restore run_id
POST 2.0/mlflow/runs/log-metric key value timestamp run_id
POST 2.0/mlflow/runs/log-parameter key run_id
POST 2.0/mlflow/runs/set-tag key run_id
POST 2.0/mlflow/runs/delete-tag key run_id
GET 2.0/mlflow/runs/get run_id
POST 2.0/mlflow/runs/search -
POST 2.0/mlflow/runs/log-batch run_id
POST 2.0/mlflow/runs/log-model model_json run_id
POST 2.0/mlflow/runs/log-inputs run_id
POST 2.0/mlflow/runs/outputs models run_id
GET 2.0/mlflow/artifacts/list run_id
POST 2.0/mlflow/artifacts/presigned-upload-url path run_id
POST 2.0/mlflow/artifacts/presigned-download-url path run_id
GET 2.0/mlflow/metrics/get-history metric_key run_id
GET 2.0/mlflow/metrics/get-history-bulk metric_key run_id
GET 2.0/mlflow/metrics/get-history-bulk-interval metric_key run_ids
POST 2.0/mlflow/logged-models experiment_id
PATCH 2.0/mlflow/logged-models/m-1 status
GET 2.0/mlflow/logged-models/m-1 -
DELETE 2.0/mlflow/logged-models/m-1 -
POST 2.0/mlflow/logged-models/search experiment_ids
PATCH 2.0/mlflow/logged-models/m-1/tags -
DELETE 2.0/mlflow/logged-models/m-1/tags/k -
GET 2.0/mlflow/logged-models/m-1/artifacts/directories -
POST 2.0/mlflow/logged-models/m-1/params -
GET 3.0/mlflow/server-info -
"""
REGISTRY = """
POST 2.0/mlflow/registered-models/create name
POST 2.0/mlflow/registered-models/rename name new_name
PATCH 2.0/mlflow/registered-models/update name
DELETE 2.0/mlflow/registered-models/delete name
GET 2.0/mlflow/registered-models/get name
GET 2.0/mlflow/registered-models/search -
POST 2.0/mlflow/registered-models/get-latest-versions name
GET 2.0/mlflow/registered-models/get-latest-versions name
POST 2.0/mlflow/registered-models/set-tag name key
DELETE 2.0/mlflow/registered-models/delete-tag name key
POST 2.0/mlflow/registered-models/alias name alias version
DELETE 2.0/mlflow/registered-models/alias name alias
GET 2.0/mlflow/registered-models/alias name alias
POST 2.0/mlflow/model-versions/create name source
PATCH 2.0/mlflow/model-versions/update name version
POST 2.0/mlflow/model-versions/transition-stage name version stage
DELETE 2.0/mlflow/model-versions/delete name version
GET 2.0/mlflow/model-versions/get name version
GET 2.0/mlflow/model-versions/search -
GET 2.0/mlflow/model-versions/get-download-uri name version
POST 2.0/mlflow/model-versions/set-tag name version key
DELETE 2.0/mlflow/model-versions/delete-tag name version key
"""
REST = """
GET 2.0/mlflow-artifacts/artifacts -
GET 2.0/mlflow-artifacts/artifacts/0/x/artifacts/f -
PUT 2.0/mlflow-artifacts/artifacts/0/x/artifacts/f -
DELETE 2.0/mlflow-artifacts/artifacts/0/x/artifacts/f -
POST 2.0/mlflow-artifacts/mpu/create/0/x/artifacts path
POST 2.0/mlflow-artifacts/mpu/complete/0/x/artifacts upload_id
POST 2.0/mlflow-artifacts/mpu/abort/0/x/artifacts upload_id
GET 2.0/mlflow-artifacts/presigned/0/x/artifacts/f -
POST 2.0/mlflow/webhooks name url events
GET 2.0/mlflow/webhooks -
GET 2.0/mlflow/webhooks/w -
PATCH 2.0/mlflow/webhooks/w -
DELETE 2.0/mlflow/webhooks/w -
POST 2.0/mlflow/webhooks/w/test -
POST 2.0/mlflow/users/create username password
GET 2.0/mlflow/users/get username
GET 2.0/mlflow/users/list -
GET 2.0/mlflow/users/current -
PATCH 2.0/mlflow/users/update-password username password
PATCH 2.0/mlflow/users/update-admin username is_admin
DELETE 2.0/mlflow/users/delete username
GET 3.0/mlflow/users/permissions/get username resource_type resource_id
GET 2.0/mlflow/experiments/permissions/get experiment_id username
GET 2.0/mlflow/registered-models/permissions/get name username
"""
TABLE = [tuple(line.split()) for line in (TRACKING + REGISTRY + REST).split("\n") if line]
BASES = ("/api", "/ajax-api", "/workspaces/default/api", "/workspaces/default/ajax-api")
FILLED: dict[str, Any] = {
    "value": 1.5,
    "model_json": '{"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": "x"}',
    "timestamp": 1,
    "models": [],
    "experiment_ids": ["0"],
    "run_ids": ["x"],
    "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}],
    "experiment_id": "0",
}
NOT_TEXT = ("value", "status", "is_admin")  # an empty text is not absent there, but no number and no status


def ask(http: TestClient, verb: str, path: str, fields: dict[str, Any]) -> Any:
    if verb == "GET":
        return http.get(path, params=fields)
    return http.request(verb, path, json=fields)


def route(row: tuple[str, ...]) -> str:
    return f"{row[0]} {row[1]}"


@pytest.mark.parametrize("row", TABLE, ids=route)
def test_it_is_there_at_every_address(http: TestClient, row: tuple[str, ...]) -> None:
    verb, path, *_ = row
    for base in BASES:
        answer = ask(http, verb, f"{base}/{path}", {})
        assert answer.headers["Content-Type"].startswith("application/json"), answer.text
        if answer.status_code != 200:
            assert answer.json()["error_code"] != "ENDPOINT_NOT_FOUND"
    wrong = ask(http, "PUT" if "/artifacts/0/" not in path else "PATCH", f"/api/{path}", {})
    assert (wrong.status_code, wrong.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("row", [row for row in TABLE if row[2] != "-"], ids=route)
def test_what_it_needs_is_named(http: TestClient, row: tuple[str, ...]) -> None:
    verb, path, *required = row
    given: dict[str, Any] = {}
    for field in required:
        for empty in ({}, {field: ""}, {field: None}):
            if (field in NOT_TEXT and empty.get(field) == "") or (verb == "GET" and empty.get(field, "") is None):
                continue
            answer = ask(http, verb, f"/api/{path}", {**given, **empty})
            assert answer.status_code == 400, answer.text
            error = answer.json()
            assert error["error_code"] == "INVALID_PARAMETER_VALUE"
            assert f"Missing value for required parameter '{field}'" in error["message"]
        given[field] = FILLED.get(field, "x")


@pytest.mark.parametrize("row", [row for row in TABLE if row[2] != "-"], ids=route)
def test_an_object_is_no_value(http: TestClient, row: tuple[str, ...]) -> None:
    verb, path, first, *_ = row
    if verb == "GET":
        return  # in a query everything is text
    answer = http.request(verb, f"/api/{path}", json={**dict.fromkeys(row[2:], "x"), first: {"a": 1}})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert f"parameter '{first}' supplied" in answer.json()["message"]
