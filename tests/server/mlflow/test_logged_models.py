from __future__ import annotations

from typing import Any

from tests.server.mlflow.conftest import Door

FILES = "/api/2.0/mlflow-artifacts/artifacts"


def create(door: Door, name: str = "model", **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = door.post("logged-models", {"experiment_id": "0", "name": name, **fields})["model"]
    return made


def test_the_whole_life_of_a_logged_model(door: Door) -> None:
    run_id = door.run()
    made = create(
        door,
        source_run_id=run_id,
        model_type="classifier",
        params=[{"key": "depth", "value": "3"}],
        tags=[{"key": "a", "value": "1"}],
    )["info"]
    model_id = made["model_id"]
    assert model_id.startswith("m-")
    assert len(model_id) == 34
    assert made["status"] == "LOGGED_MODEL_PENDING"
    assert made["artifact_uri"] == f"mlflow-artifacts:/0/models/{model_id}/artifacts"
    assert (made["source_run_id"], made["model_type"]) == (run_id, "classifier")
    door.http.put(f"{FILES}/0/models/{model_id}/artifacts/data/w.bin", content=b"w").raise_for_status()
    assert door.get(f"logged-models/{model_id}/artifacts/directories") == {
        "root_uri": made["artifact_uri"],
        "files": [{"path": "data", "is_dir": True}],
    }
    inner = door.get(f"logged-models/{model_id}/artifacts/directories", artifact_directory_path="data")
    assert inner["files"] == [{"path": "data/w.bin", "is_dir": False, "file_size": 1}]
    done = door.post(f"logged-models/{model_id}", {"status": "LOGGED_MODEL_READY"}, method="PATCH")["model"]
    assert done["info"]["status"] == "LOGGED_MODEL_READY"
    door.post(f"logged-models/{model_id}", {"status": "DONE"}, method="PATCH", status=400)
    tags = {"tags": [{"key": "b", "value": "2"}]}
    assert len(door.post(f"logged-models/{model_id}/tags", tags, method="PATCH")["model"]["info"]["tags"]) == 2
    door.post(f"logged-models/{model_id}/tags/b", method="DELETE")
    door.post(f"logged-models/{model_id}/tags/b", method="DELETE", status=404)
    door.post(f"logged-models/{model_id}/params", {"params": [{"key": "width", "value": "4"}]})
    found = door.get(f"logged-models/{model_id}")["model"]
    assert {pair["key"]: pair["value"] for pair in found["data"]["params"]} == {"depth": "3", "width": "4"}
    assert door.post("runs/outputs", {"run_id": run_id, "models": [{"model_id": model_id, "step": 2}]}) == {}
    outputs = door.get("runs/get", run_id=run_id)["run"]["outputs"]["model_outputs"]
    assert outputs == [{"model_id": model_id, "step": 2}]
    answer = door.http.delete(f"/api/2.0/mlflow/logged-models/{model_id}")
    assert (answer.status_code, answer.json()) == (200, {})
    door.get(f"logged-models/{model_id}", 404)
    assert door.http.delete(f"/api/2.0/mlflow/logged-models/{model_id}").json() == {}  # a retry
    assert door.http.delete("/api/2.0/mlflow/logged-models/m-none").status_code == 404


def test_metrics_of_a_model_are_found_and_ordered(door: Door) -> None:
    run_id = door.run()
    ids = [create(door, f"ranked-{i}")["info"]["model_id"] for i in range(3)]
    for i, model_id in enumerate(ids):
        point = {"key": "acc", "value": i / 10, "timestamp": 1, "step": 1, "model_id": model_id}
        door.post("runs/log-metric", {"run_id": run_id, **point})
        on = {"dataset_name": "d", "dataset_digest": "1"}
        door.post("runs/log-batch", {"run_id": run_id, "metrics": [{**point, "value": -i, **on}]})

    def names(**body: Any) -> list[str]:
        found = door.post("logged-models/search", {"experiment_ids": ["0"], **body})
        return [model["info"]["name"] for model in found.get("models", [])]

    assert names(filter="metrics.acc >= 0.1 AND name LIKE 'ranked-%'") == ["ranked-2", "ranked-1"]
    by_accuracy = {"field_name": "metrics.acc", "ascending": True, "dataset_name": "d", "dataset_digest": "1"}
    assert names(filter="name LIKE 'ranked-%'", order_by=[by_accuracy]) == ["ranked-2", "ranked-1", "ranked-0"]
    assert names(filter="metrics.acc <= -2", datasets=[{"dataset_name": "d"}]) == ["ranked-2"]
    assert names(filter="status = 'PENDING' AND name = 'ranked-0'") == ["ranked-0"]
    assert names(filter="status != 'LOGGED_MODEL_PENDING' AND name = 'ranked-0'") == []
    refused: tuple[dict[str, Any], ...] = (
        {"experiment_ids": []},
        {"filter": "colour = 'red'"},
        {"datasets": [{"dataset_digest": "1"}]},
        {"order_by": [{"field_name": "acc"}]},
        {"order_by": [{"field_name": "name", "dataset_digest": "1"}]},
        {"max_results": 0},
    )
    for bad in refused:
        door.post("logged-models/search", {"experiment_ids": ["0"], **bad}, status=400)


def test_pages_of_logged_models(door: Door) -> None:
    experiment_id = door.experiment("paged models")
    for i in range(5):
        door.post("logged-models", {"experiment_id": experiment_id, "name": f"p{i}"})
    seen: list[str] = []
    token = None
    while True:
        body = {"experiment_ids": [experiment_id], "max_results": 2, "page_token": token}
        page = door.post("logged-models/search", body)
        seen += [model["info"]["name"] for model in page["models"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert sorted(seen) == [f"p{i}" for i in range(5)]


def test_bad_names_and_unknown_models(door: Door) -> None:
    for name in ("a/b", "a:b", "a.b", "50%", "it's", '"x"'):
        door.post("logged-models", {"experiment_id": "0", "name": name}, status=400)
    door.post("logged-models", {"experiment_id": "123456", "name": "x"}, status=404)
    door.post("logged-models", {"name": "x"}, status=400)
    for verb, path in (("GET", ""), ("DELETE", ""), ("DELETE", "/tags/a")):
        answer = door.http.request(verb, f"/api/2.0/mlflow/logged-models/m-nothing{path}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    run_id = door.run()
    door.post("runs/outputs", {"run_id": run_id, "models": [{"model_id": "m-nothing"}]}, status=404)
    door.post("runs/log-inputs", {"run_id": run_id, "models": [{"model_id": "m-nothing"}]}, status=404)
