"""What MLflow clients recorded of runs beside numbers, as the Studio reads it: data sets, logged models, children."""

from __future__ import annotations

from typing import Any

from tests.server.rest import Rest


def mlflow(rest: Rest, path: str, body: dict[str, Any], verb: str = "POST") -> Any:
    answer = rest.http.request(verb, f"/workspaces/{rest.ws}/api/2.0/mlflow/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def logged_model(rest: Rest, experiment: str, run: str, name: str = "net") -> str:
    """A ready model with one file that ``run`` made."""
    experiment_id = str(rest.get(f"/experiments/{experiment}")["id"])
    fields = {"experiment_id": experiment_id, "name": name, "source_run_id": run}
    made = mlflow(rest, "logged-models", {**fields, "params": [{"key": "depth", "value": "3"}]})["model"]
    model_id = str(made["info"]["model_id"])
    files = f"/workspaces/{rest.ws}/api/2.0/mlflow-artifacts/artifacts/{experiment_id}/models/{model_id}/artifacts"
    assert rest.http.put(f"{files}/MLmodel", content=b"flavors: {}\n").status_code == 200
    mlflow(rest, f"logged-models/{model_id}", {"status": "LOGGED_MODEL_READY"}, "PATCH")
    mlflow(rest, "runs/outputs", {"run_id": run, "models": [{"model_id": model_id, "step": 7}]})
    return model_id


def test_a_run_shows_what_it_read_and_made(rest: Rest) -> None:
    run, reader = rest.run(), rest.run()
    model = logged_model(rest, "exp", run)
    dataset = {"name": "digits", "digest": "d1", "source_type": "http", "source": "{}", "schema": "{}", "profile": "{}"}
    use = {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}
    mlflow(rest, "runs/log-inputs", {"run_id": reader, "datasets": [use], "models": [{"model_id": model}]})

    made = rest.get(f"/runs/{run}/lineage")
    assert [(one["model"]["id"], one["step"]) for one in made["outputs"]] == [(model, 7)]
    read = rest.get(f"/runs/{reader}/lineage")
    assert [one["id"] for one in read["inputs"]] == [model]
    assert read["datasets"] == [{**dataset, "tags": {"mlflow.data.context": "train"}}]
    assert rest.get(f"/runs/{rest.run()}/lineage") == {"datasets": [], "inputs": [], "outputs": []}
    assert rest.refused("GET", "/runs/none/lineage")[:2] == (404, "NotFound")

    assert rest.http.delete(f"/workspaces/{rest.ws}/api/2.0/mlflow/logged-models/{model}").status_code == 200
    assert rest.get(f"/runs/{run}/lineage")["outputs"] == []


def test_an_experiment_lists_the_models_that_its_runs_logged(rest: Rest) -> None:
    run = rest.run()
    first, second = (logged_model(rest, "exp", run, name) for name in ("first", "second"))
    listed = rest.get("/experiments/exp/logged-models", limit=1)
    rest_of_it = rest.get("/experiments/exp/logged-models", limit=1, after=listed["next"])
    assert {one["id"] for one in listed["items"] + rest_of_it["items"]} == {first, second}
    assert rest_of_it["next"] is None
    named = rest.get("/experiments/exp/logged-models", filter="name = 'first'")["items"]
    assert [(one["name"], one["params"]) for one in named] == [("first", {"depth": "3"})]
    by_name = rest.get("/experiments/exp/logged-models", order="name ASC")["items"]
    assert [one["name"] for one in by_name] == ["first", "second"]
    assert rest.refused("GET", "/experiments/exp/logged-models", filter="nonsense")[0] == 400
    assert rest.refused("GET", "/experiments/none/logged-models")[:2] == (404, "NotFound")


def test_a_logged_model_has_its_files(rest: Rest) -> None:
    model = logged_model(rest, "exp", rest.run())
    assert rest.get(f"/logged-models/{model}")["status"] == "LOGGED_MODEL_READY"
    assert [file["path"] for file in rest.get(f"/logged-models/{model}/files")["items"]] == ["MLmodel"]
    assert rest.raw("GET", f"/logged-models/{model}/files/MLmodel").content == b"flavors: {}\n"
    assert rest.raw("GET", f"/logged-models/{model}/download.zip").content.startswith(b"PK")
    assert rest.raw("GET", f"/logged-models/{model}/files/%2e%2e/%2e%2e/token").status_code in (400, 404)
    for path in ("", "/files", "/files/MLmodel", "/download.zip"):
        assert rest.refused("GET", f"/logged-models/m-none{path}")[:2] == (404, "NotFound")


def test_a_metric_that_is_not_a_number_is_left_out(rest: Rest) -> None:
    run = rest.run()
    model = logged_model(rest, "exp", run)
    for key, value in (("f1", 0.5), ("auc", "NaN")):
        point = {"run_id": run, "key": key, "value": value, "timestamp": 1, "step": 0, "model_id": model}
        mlflow(rest, "runs/log-metric", point)
    assert [metric["key"] for metric in rest.get(f"/logged-models/{model}")["metrics"]] == ["f1"]


def test_runs_say_how_many_children_they_have(rest: Rest) -> None:
    parent, lonely = rest.run(), rest.run()
    children = [rest.run(parent_id=parent) for _ in range(3)]
    grandchild = rest.run(parent_id=children[0])
    rest.delete(f"/runs/{children[2]}")
    asked = [parent, lonely, *children, grandchild, "unknown"]
    assert rest.get("/child-counts", run=asked) == {parent: 2, children[0]: 1}
    assert rest.refused("GET", "/child-counts")[0] == 400
