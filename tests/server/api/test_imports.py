"""What was made elsewhere keeps its ids and times; the same thing may be sent again, another one is refused."""

from __future__ import annotations

from typing import Any

from tests.server.rest import Rest

EXPERIMENT = {"name": "from: elsewhere", "tags": {"a": "b"}, "created_at": 1000, "updated_at": 2000}
RUN: dict[str, Any] = {
    "experiment": EXPERIMENT["name"],
    "status": "Completed",
    "display_name": "first",
    "created_by": "ada",
    "start_time": 3000,
    "end_time": 4000,
    "tags": {"k": "v"},
    "params": {"lr": "0.1"},
}
MODEL_ID = "m-" + "0" * 32


def test_an_experiment_keeps_its_times_and_gets_tags(rest: Rest) -> None:
    made = rest.put("/imports/experiment", EXPERIMENT)
    assert (made["created_at"], made["updated_at"], made["tags"]) == (1000, 2000, {"a": "b"})
    again = rest.put("/imports/experiment", {**EXPERIMENT, "tags": {"c": "d"}, "created_at": 5})
    assert (again["id"], again["created_at"], again["tags"]) == (made["id"], 1000, {"a": "b", "c": "d"})
    assert rest.refused("PUT", "/imports/experiment", {**EXPERIMENT, "name": ""})[0] == 400


def test_a_run_keeps_its_id_and_times(rest: Rest) -> None:
    rest.put("/imports/experiment", EXPERIMENT)
    made = rest.put("/imports/runs/0a1b", RUN)
    run = made["run"]
    assert made["created"] is True
    assert (run["id"], run["status"], run["created_by"]) == ("0a1b", "Completed", "ada")
    assert (run["created_at"], run["start_time"], run["end_time"]) == (3000, 3000, 4000)
    assert (run["tags"], run["params"]) == ({"k": "v"}, {"lr": "0.1"})
    assert rest.put("/imports/runs/0a1b", RUN)["created"] is False
    refused = rest.refused("PUT", "/imports/runs/0a1b", {**RUN, "start_time": 1})
    assert (refused[0], refused[1]) == (409, "AlreadyExists")
    assert rest.refused("PUT", "/imports/runs/0a1c", {**RUN, "experiment": "none"})[:2] == (404, "NotFound")
    assert rest.refused("PUT", "/imports/runs/..%2Fx", RUN)[0] in (400, 404)


def test_the_end_of_a_run_links_it(rest: Rest) -> None:
    rest.put("/imports/experiment", EXPERIMENT)
    for run_id in ("parent", "child"):
        rest.put(f"/imports/runs/{run_id}", RUN)
    logged = {
        "experiment": EXPERIMENT["name"],
        "name": "net",
        "status": "LOGGED_MODEL_READY",
        "source_run_id": "child",
        "params": {"depth": "3"},
        "metrics": [{"key": "auc", "value": "NaN", "timestamp": 1, "run_id": "child"}],
        "created_at": 10,
        "updated_at": 20,
    }
    made = rest.put(f"/imports/logged-models/{MODEL_ID}", logged)
    assert (made["created"], made["model"]["created_at"], made["model"]["params"]) == (True, 10, {"depth": "3"})
    assert rest.put(f"/imports/logged-models/{MODEL_ID}", logged)["created"] is False
    assert rest.refused("PUT", f"/imports/logged-models/{MODEL_ID}", {**logged, "created_at": 11})[0] == 409
    assert rest.refused("PUT", "/imports/logged-models/x", logged)[0] == 400
    assert rest.refused("PUT", "/imports/logged-models/m-1", {**logged, "status": "DONE"})[0] == 400
    end = {
        "parent_id": "parent",
        "datasets": [{"name": "d", "digest": "1", "tags": {"mlflow.data.context": "train"}}],
        "outputs": [{"model_id": MODEL_ID, "step": 7}, {"model_id": "m-gone", "step": 0}],
        "complete": '{"runs":1}',
        "archived": True,
    }
    for _ in range(2):
        run = rest.put("/imports/runs/child/end", end)["run"]
        assert run["parent_id"] == "parent"
        assert run["properties"] == {"zaffre.migration": '{"runs":1}'}
        assert run["archived_at"] is not None
    lineage = rest.get("/runs/child/lineage")
    assert [(one["model"]["id"], one["step"]) for one in lineage["outputs"]] == [(MODEL_ID, 7)]
    assert [one["name"] for one in lineage["datasets"]] == ["d"]
    own = rest.put("/imports/runs/parent/end", {"parent_id": "child"})["run"]
    assert own["parent_id"] is None  # its own descendant


def test_versions_keep_their_numbers(rest: Rest) -> None:
    rest.put("/imports/experiment", EXPERIMENT)
    rest.put("/imports/runs/0a1b", RUN)
    rest.send("/runs/0a1b/artifacts/model/MLmodel", b"x")
    model = {"name": "my model", "description": "d", "tags": {"a": "b"}, "created_at": 5, "updated_at": 6}
    rest.put("/imports/registered-model", model)
    version = {
        "name": "my model",
        "version": 3,
        "stage": "Production",
        "created_by": "ada",
        "run_id": "0a1b",
        "run_path": "model",
        "source": "runs:/0a1b/model",
        "created_at": 7,
        "updated_at": 8,
    }
    made = rest.put("/imports/model-version", version)
    assert made["created"] is True
    shown = made["version"]
    assert (shown["version"], shown["stage"], shown["created_by"], shown["run_id"]) == (3, "Production", "ada", "0a1b")
    assert (shown["created_at"], shown["updated_at"], shown["entry"]) == (7, 8, "model")
    assert rest.put("/imports/model-version", version)["created"] is False
    found = rest.put("/imports/registered-model", {**model, "aliases": {"champion": 3}})
    assert (found["aliases"], found["created_at"], found["updated_at"]) == ({"champion": 3}, 5, 6)
    for wrong, status in (
        ({**version, "created_at": 9}, 400),
        ({**version, "version": 0}, 400),
        ({**version, "version": 4, "stage": "Live"}, 400),
        ({**version, "version": 4, "run_path": "none"}, 404),
        ({**version, "version": 4, "run_path": "../x"}, 400),
    ):
        assert rest.refused("PUT", "/imports/model-version", wrong)[0] == status, wrong
    assert rest.refused("PUT", "/imports/registered-model", {**model, "aliases": {"x": 9}})[0] == 404
    upload = rest.post("/uploads", {})["upload_id"]
    rest.send(f"/uploads/{upload}/m.txt", b"x")
    sent = {**version, "version": 2, "run_path": None, "upload_id": upload}
    assert rest.put("/imports/model-version", sent)["version"]["entry"] == "m.txt"
    bare = rest.put("/imports/model-version", {**version, "version": 9, "run_path": None, "run_id": "gone"})["version"]
    assert (bare["entry"], bare["run_id"]) == ("", None)


def test_a_trace_keeps_its_id_times_and_spans(rest: Rest) -> None:
    rest.put("/imports/experiment", EXPERIMENT)
    span = {"trace_id": "tr-1", "id": "0" * 15 + "1", "name": "root", "start_ns": 5_000_000, "end_ns": 7_000_000}
    said = {"id": "a-1", "trace_id": "tr-1", "name": "good", "kind": "feedback", "value": True}
    trace: dict[str, Any] = {
        "experiment": EXPERIMENT["name"],
        "status": "OK",
        "start_time": 5,
        "duration_ms": 2,
        "tags": {"k": "v", "mlflow.artifactLocation": "file:///elsewhere"},
        "metadata": {"m": "n"},
        "assessments": [{**said, "created_at": 6, "updated_at": 8}],
        "spans": [span],
    }
    made = rest.put("/imports/traces/tr-1", trace)
    assert (made["created"], made["trace"]["start_time"], made["trace"]["duration_ms"]) == (True, 5, 2)
    assert made["trace"]["tags"]["k"] == "v"
    assert made["trace"]["tags"]["mlflow.artifactLocation"].startswith("mlflow-artifacts:/")
    assert [(one["id"], one["updated_at"]) for one in made["trace"]["assessments"]] == [("a-1", 8)]
    more = {**trace, "spans": [{**span, "id": "0" * 15 + "2", "parent_id": span["id"]}]}
    assert rest.put("/imports/traces/tr-1", more)["created"] is False
    assert len(rest.get("/traces/tr-1")["spans"]) == 2
    assert rest.refused("PUT", "/imports/traces/tr-1", {**trace, "start_time": 6})[:2] == (409, "AlreadyExists")
    assert rest.refused("PUT", "/imports/traces/tr-2", trace)[0] == 400  # spans of another trace
    bare = {**trace, "assessments": [], "spans": []}
    assert rest.refused("PUT", "/imports/traces/tr-2", {**bare, "status": "GOOD"})[0] == 400
    assert rest.refused("PUT", "/imports/traces/tr-2", {**bare, "experiment": "none"})[:2] == (404, "NotFound")
