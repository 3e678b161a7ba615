"""What is in MLflow's protocol and not in this server: told in the words on which clients fall back."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

# A base, then what is below it, with its verb.
FAMILIES: dict[str, str] = {
    "3.0/mlflow/workspaces": "GET, POST, GET /w, PATCH /w, DELETE /w",
    "3.0/mlflow/issues": "POST, GET /i, PATCH /i, POST /search",
    "3.0/mlflow/label-schemas": "POST /create, GET /get, GET /get-by-name, GET /list, PATCH /update, DELETE /delete",
    "3.0/mlflow/datasets": (
        "POST /create, GET /d, DELETE /d, POST /search, GET /search, PATCH /d/tags, DELETE /d/tags/t, POST /d/records, "
        "GET /d/records, DELETE /d/records, GET /d/experiment-ids, POST /d/add-experiments, POST /d/remove-experiments"
    ),
    "3.0/mlflow/scorers": "POST /register, GET /list, GET /versions, GET /get, DELETE /delete, GET /online-configs",
    "3.0/mlflow/gateway/secrets": "POST /create, GET /get, POST /update, DELETE /delete, GET /list",
    "3.0/mlflow/gateway/endpoints": (
        "POST /create, GET /get, POST /update, DELETE /delete, GET /list, POST /models/attach, POST /models/detach, "
        "POST /bindings/create, DELETE /bindings/delete, GET /bindings/list, POST /set-tag, DELETE /delete-tag"
    ),
    "3.0/mlflow/gateway/model-definitions": "POST /create, GET /get, GET /list, POST /update, DELETE /delete",
    "3.0/mlflow/gateway/budgets": "POST /create, GET /get, POST /update, DELETE /delete, GET /list, GET /windows",
    "3.0/mlflow/gateway/guardrails": (
        "POST /create, GET /get, DELETE /delete, GET /list, POST /add-to-endpoint, DELETE /remove-from-endpoint, "
        "GET /list-for-endpoint, PATCH /update-config"
    ),
    "3.0/mlflow/prompt-optimization/jobs": "POST, GET /j, POST /search, GET /search, POST /j/cancel, DELETE /j",
    "3.0/mlflow/review-queues": (
        "POST /create, POST /get-or-create-user, GET /get, GET /get-by-name, GET /list, POST /update, POST /delete, "
        "POST /items/add, POST /items/remove, GET /items/list, POST /items/set-status"
    ),
    "3.0/mlflow/jobs": "GET /j, PATCH /cancel/j",
    "3.0/mlflow/demo": "POST /generate, POST /delete",
    "2.0/mlflow/unified-traces": "GET",
    "2.0/mlflow/get-online-trace-details": "GET",
    "2.0/mlflow/runs/create-promptlab-run": "POST",
    "2.0/mlflow/gateway-proxy": "GET, POST",
    "2.0/mlflow/users/create-ui": "POST",
}


@pytest.mark.parametrize("base", FAMILIES)
@pytest.mark.parametrize("prefix", ["/api", "/ajax-api", "/workspaces/default/api"])
def test_a_family_that_is_not_built_is_no_endpoint(http: TestClient, base: str, prefix: str) -> None:
    for asked in FAMILIES[base].split(", "):
        verb, _, below = asked.partition(" ")
        path = f"{prefix}/{base}{below}"
        answer = http.request(verb, path, json=None if verb == "GET" else {"experiment_id": "0", "name": "x"})
        assert answer.status_code == 404, (verb, path)
        assert answer.headers["Content-Type"].startswith("application/json")
        said = answer.json()
        assert said["error_code"] == "ENDPOINT_NOT_FOUND", (verb, path)
        assert f"{verb} {path}" in said["message"]


@pytest.mark.parametrize(("verb", "path"), [("POST", "/graphql"), ("GET", "/signup"), ("GET", "/get-artifact")])
def test_what_only_mlflows_own_pages_ask_for_is_no_endpoint(http: TestClient, verb: str, path: str) -> None:
    answer = http.request(verb, path, json={} if verb == "POST" else None)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
