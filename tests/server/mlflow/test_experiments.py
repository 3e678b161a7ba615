from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.mlflow.conftest import Door


def test_the_whole_life_of_an_experiment(door: Door) -> None:
    made = door.post("experiments/create", {"name": "life", "tags": [{"key": "a", "value": "1"}]})["experiment_id"]
    assert made.isdigit()
    assert door.post("experiments/set-experiment-tag", {"experiment_id": made, "key": "b", "value": "2"}) == {}
    assert door.post("experiments/delete-experiment-tag", {"experiment_id": made, "key": "a"}) == {}
    assert door.post("experiments/update", {"experiment_id": made, "new_name": "renamed"}) == {}
    found = door.get("experiments/get-by-name", experiment_name="renamed")["experiment"]
    assert found == {
        "experiment_id": made,
        "name": "renamed",
        "artifact_location": f"mlflow-artifacts:/{made}",
        "lifecycle_stage": "active",
        "creation_time": found["creation_time"],
        "last_update_time": found["last_update_time"],
        "tags": [{"key": "b", "value": "2"}],
    }
    assert door.post("experiments/delete", {"experiment_id": made}) == {}
    assert door.get("experiments/get", experiment_id=made)["experiment"]["lifecycle_stage"] == "deleted"
    door.post("experiments/update", {"experiment_id": made, "new_name": "again"}, status=400)
    assert door.post("experiments/restore", {"experiment_id": made}) == {}


def test_experiment_0_is_the_default_one_of_each_workspace(door: Door, http: TestClient) -> None:
    answer = http.post("/api/v1/workspaces", json={"name": "elsewhere"})
    assert answer.status_code == 200, answer.text
    there = Door(http, "/workspaces/elsewhere")

    first, second = there.run("0"), there.run("0")

    found = there.get("experiments/get", experiment_id="0")["experiment"]
    assert found["name"] == "Default"
    assert found["experiment_id"] != "0"
    runs = there.post("runs/search", {"experiment_ids": ["0"], "max_results": 10})["runs"]
    assert {run["info"]["run_id"] for run in runs} == {first, second}
    assert door.get("experiments/get", experiment_id="0")["experiment"]["experiment_id"] == "0"


def test_a_name_is_taken_also_by_a_deleted_experiment(door: Door) -> None:
    made = door.experiment("taken")
    door.post("experiments/delete", {"experiment_id": made})
    answer = door.post("experiments/create", {"name": "taken"}, status=400)
    assert answer["error_code"] == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("create", {}, "Missing value for required parameter 'name'"),
        ("create", {"name": ""}, "Missing value for required parameter 'name'"),
        ("create", {"name": "x" * 501}, "500"),
        ("create", {"name": "x", "artifact_location": "s3://bucket"}, "artifact_location"),
        ("update", {"experiment_id": "0"}, "Missing value for required parameter 'new_name'"),
        ("delete", {"experiment_id": "x"}, "Invalid experiment ID"),
        ("search", {}, "max_results"),
        ("search", {"max_results": 0}, "max_results"),
        ("search", {"max_results": 50_001}, "max_results"),
        ("search", {"max_results": 1, "page_token": "%%"}, "Invalid page token"),
        ("search", {"max_results": 1, "view_type": "SOME"}, "view_type"),
        ("search", {"max_results": 1, "filter": "colour = 'red'"}, "colour"),
        ("search", {"max_results": 1, "order_by": ["colour"]}, "colour"),
    ],
)
def test_what_is_wrong_is_named(door: Door, path: str, body: dict[str, object], sentence: str) -> None:
    status = 501 if sentence == "artifact_location" else 400
    answer = door.post(f"experiments/{path}", body, status=status)
    assert sentence in answer["message"]
    assert answer["error_code"] == ("NOT_IMPLEMENTED" if status == 501 else "INVALID_PARAMETER_VALUE")


def test_what_is_not_there_is_named(door: Door) -> None:
    for answer in (
        door.get("experiments/get", 404, experiment_id="987654"),
        door.get("experiments/get-by-name", 404, experiment_name="nobody"),
        door.post("experiments/delete", {"experiment_id": "987654"}, status=404),
    ):
        assert answer["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_tags_of_an_experiment(door: Door) -> None:
    tag = {"experiment_id": door.experiment("tagged"), "key": "team", "value": "blue"}
    door.post("experiments/set-experiment-tag", tag)
    assert door.get("experiments/get", experiment_id=tag["experiment_id"])["experiment"]["tags"] == [
        {"key": "team", "value": "blue"}
    ]
    door.post("experiments/delete-experiment-tag", tag)
    gone = door.post("experiments/delete-experiment-tag", tag, status=404)
    assert gone["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    door.post("experiments/set-experiment-tag", tag)
    door.post("experiments/delete", tag)
    for path in ("set-experiment-tag", "delete-experiment-tag"):
        refused = door.post(f"experiments/{path}", tag, status=400)
        assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
        assert "must be in the 'active' state" in refused["message"]


def test_search_by_get_and_post(door: Door) -> None:
    for i in range(3):
        door.experiment(f"listed-{i}")
    query: dict[str, Any] = {"max_results": 2, "filter": "name LIKE 'listed-%'", "order_by": ["name DESC"]}
    first = door.post("experiments/search", query)
    assert first == door.get("experiments/search", **query)
    assert [found["name"] for found in first["experiments"]] == ["listed-2", "listed-1"]
    rest = door.get("experiments/search", **query, page_token=first["next_page_token"])
    assert [found["name"] for found in rest["experiments"]] == ["listed-0"]
    assert "next_page_token" not in rest
