"""A page token goes on with the search it came from, and with no other."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.server.mlflow.conftest import Door


def pages(door: Door, path: str, body: dict[str, Any], *, get: bool = False, status: int = 200) -> Any:
    return door.get(path, status, **body) if get else door.post(path, body, status=status)


@pytest.fixture
def filled(door: Door) -> dict[str, str]:
    """The ids of an experiment with two runs and two logged models; two registered models with two versions each."""
    prefix = f"paged-{uuid4().hex[:8]}"
    experiment = door.experiment(prefix)
    run = ""
    for name in (f"{prefix}-a", f"{prefix}-b"):
        run = door.run(experiment)
        door.post("logged-models", {"experiment_id": experiment, "name": name})
        door.post("registered-models/create", {"name": name})
        uri = f"{experiment}/{run}/artifacts/model/MLmodel"
        door.http.put(f"/api/2.0/mlflow-artifacts/artifacts/{uri}", content=b"x").raise_for_status()
        for _ in range(2):
            door.post("model-versions/create", {"name": name, "source": f"runs:/{run}/model", "run_id": run})
    for step in range(3):
        for key in ("loss", "acc"):
            door.post("runs/log-metric", {"run_id": run, "key": key, "value": 1, "timestamp": 1, "step": step})
    return {"experiment": experiment, "run": run, "name": prefix}


@pytest.mark.parametrize(
    ("path", "get", "body", "other"),
    [
        ("runs/search", False, {"experiment_ids": ["{experiment}"]}, {"filter": "status = 'RUNNING'"}),
        ("runs/search", False, {"experiment_ids": ["{experiment}"]}, {"experiment_ids": ["0"]}),
        ("runs/search", False, {"experiment_ids": ["{experiment}"]}, {"run_view_type": "ALL"}),
        ("experiments/search", False, {"filter": "name != 'x'"}, {"filter": "name != 'y'"}),
        ("experiments/search", True, {"filter": "name != 'x'"}, {"order_by": ["name"]}),
        ("logged-models/search", False, {"experiment_ids": ["{experiment}"]}, {"filter": "name != 'x'"}),
        ("registered-models/search", True, {"filter": "name LIKE '{name}-%'"}, {"filter": "name LIKE 'p%'"}),
        ("model-versions/search", True, {"filter": "name = '{name}-a'"}, {"filter": "name = '{name}-b'"}),
        ("metrics/get-history", True, {"run_id": "{run}", "metric_key": "loss"}, {"metric_key": "acc"}),
    ],
)
def test_a_token_belongs_to_its_search(
    door: Door, filled: dict[str, str], path: str, get: bool, body: dict[str, Any], other: dict[str, Any]
) -> None:
    def named(given: dict[str, Any]) -> dict[str, Any]:
        return {
            key: [item.format_map(filled) for item in value] if isinstance(value, list) else value.format_map(filled)
            for key, value in given.items()
        }

    asked = named(body)
    first = pages(door, path, {**asked, "max_results": 1}, get=get)
    token = {"page_token": first["next_page_token"]}
    rest = pages(door, path, {**asked, **token, "max_results": 2}, get=get)  # pages may differ in size
    (shown,) = (value for value in first.values() if isinstance(value, list))
    (others,) = (value for value in rest.values() if isinstance(value, list))
    assert others
    assert shown[0] not in others
    refused = pages(door, path, {**asked, **named(other), **token, "max_results": 1}, get=get, status=400)
    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "belongs to another search" in refused["message"]
